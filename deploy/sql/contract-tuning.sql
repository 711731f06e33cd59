-- Purpose   Optional: what would make runs cheaper on CashKaro's own tables. Nothing of ours needs it, and no command applies it:
--           the tables are CashKaro's, and so is the choice. Each part stands alone. Read the arithmetic, measure, then decide.
-- Run it    by a db_owner, in a quiet hour, one part at a time
-- Way back  with each part

-- ---- 1. An index for "who is due" ------------------------------------------------------------------------------------
-- For       planning a round (once a run), status: both look for users by processing_status, and scan the table without it.
-- Saves     2,000,000 rows of about 120 bytes are 240 MB: 30,000 pages of 8 KB read for each plan. With the index a weekly run of
--           50,000 users reads 50,000 x (20 + 12 + 8) bytes = 2 MB: 250 pages.
-- Costs     2,000,000 x about 40 bytes = 80 MB of disk and cache. Each change of status moves an entry: a delete and an insert,
--           two log records of about 150 bytes. A user changes twice a run (new, pending, completed): 600 bytes, so
--           6 MB of log for 10,000 users, beside the 65.5 MB that docs/dba-guide.md counts without it.
-- Advice    yes for a weekly run of a few percent; no for the first load of everything (build it afterwards).
-- Not       filtered (WHERE processing_status = 'new'): a filtered index refuses every writer whose session has
--           QUOTED_IDENTIFIER OFF (error 1934), and such writers may be CashKaro's own.
-- Locks     Sch-M for a moment with ONLINE = ON (Enterprise, Azure SQL); else take that out: the table, for minutes.
-- Way back  DROP INDEX ix_user_spending_data_status ON dbo.user_spending_data;
CREATE INDEX ix_user_spending_data_status ON dbo.user_spending_data (processing_status, user_id)
  WITH (ONLINE = ON, FILLFACTOR = 90);
GO

-- ---- 2. No lock on the whole table -----------------------------------------------------------------------------------
-- For       readers and writers beside a publish. Our statements stay below 4,000 rows each for this reason, and a statement asks
--           for a table lock at about 5,000: but a foreign statement in the same table can still escalate over ours.
-- Costs     about 100 bytes of memory a lock: a publish holds some 10,000 user rows and 100,000 recommendation rows until it
--           commits, 110,000 x 100 bytes = 11 MB for each chunk on its way, and two are: 22 MB.
-- Advice    only where sys.dm_db_index_operational_stats shows index_lock_promotion_count rising during runs.
-- Way back  ALTER TABLE dbo.card_recommendations SET (LOCK_ESCALATION = TABLE);
ALTER TABLE dbo.card_recommendations SET (LOCK_ESCALATION = DISABLE);
GO

-- ---- 3. Row versions for readers -------------------------------------------------------------------------------------
-- For       the website that reads card_recommendations while a chunk is published: it would wait for up to the seconds that one
--           publish takes. With READ_COMMITTED_SNAPSHOT it reads the last committed rows and waits for nobody.
-- Costs     14 bytes on each row once it is changed: 20,000,000 rows x 14 = 280 MB at most; versions in tempdb for as long as the
--           oldest reader: 100,000 rows x 250 bytes = 25 MB a chunk. It changes how ALL programs here read.
-- Advice    yes, after CashKaro's own programs have been looked at. Needs a moment without any other session.
-- Way back  ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT OFF WITH ROLLBACK IMMEDIATE;
-- ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;

-- ---- 4. Pages that are packed ----------------------------------------------------------------------------------------
-- For       reading: 20,000,000 rows of about 160 bytes are 3.2 GB. The same card names stand in them again and again, and PAGE
--           compression makes about a third of it: some 1.1 GB (sp_estimate_data_compression_savings tells for yours).
-- Costs     processor time for each row written, and a rebuild: as much log as the table is large in FULL recovery.
-- Advice    where memory is short. Not during the first load.
-- Way back  ALTER INDEX ALL ON dbo.card_recommendations REBUILD WITH (DATA_COMPRESSION = NONE);
-- ALTER INDEX ALL ON dbo.card_recommendations REBUILD WITH (DATA_COMPRESSION = PAGE, ONLINE = ON);
