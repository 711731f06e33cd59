-- Purpose   Optional: Row versions for readers. CashKaro's table, CashKaro's choice: no command applies this file.
-- Run it    by a db_owner, in a quiet hour, after reading and measuring
-- For       the website that reads card_recommendations while a chunk is published: it would wait for up to the seconds that one
--           publish takes. With READ_COMMITTED_SNAPSHOT it reads the last committed rows and does not wait.
-- Costs     14 bytes on each row once it is changed: 20,000,000 rows x 14 = 280 MB at most; versions in tempdb for as long as the
--           oldest reader: 100,000 rows x 250 bytes = 25 MB a chunk. It changes how ALL programs here read.
-- Advice    yes, after CashKaro's own programs have been looked at. ROLLBACK IMMEDIATE ends all other sessions of the database
--           and rolls back what they had open: stop the programs first. On Azure SQL Database it is on from the start.
-- Way back  ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT OFF WITH ROLLBACK IMMEDIATE;
ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
