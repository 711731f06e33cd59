-- Purpose   Optional: Pages that are compressed. CashKaro's table, CashKaro's choice: no command applies this file.
-- Run it    by a db_owner, in a quiet hour, after reading and measuring
-- For       reading: 20,000,000 rows of about 160 bytes are 3.2 GB. The same card names stand in them again and again, and PAGE
--           compression makes about a third of it: some 1.1 GB (sp_estimate_data_compression_savings tells for yours).
-- Costs     processor time for each row written, and a rebuild: as much log as the table is large in FULL recovery.
-- Advice    where memory is short. Not during the first load.
-- Way back  ALTER INDEX ALL ON dbo.card_recommendations REBUILD WITH (DATA_COMPRESSION = NONE);
ALTER INDEX ALL ON dbo.card_recommendations REBUILD WITH (DATA_COMPRESSION = PAGE, ONLINE = ON);
