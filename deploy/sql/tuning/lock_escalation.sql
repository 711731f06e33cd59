-- Purpose   Optional: No lock on a whole contract table. CashKaro's table, CashKaro's choice: no command applies this file.
-- Run it    by a db_owner, in a quiet hour, after reading and measuring
-- For       readers and writers beside a publish. Our statements stay below 4,000 rows each for this reason, and a statement asks
--           for a table lock at about 5,000: but a foreign statement in the same table can still escalate over ours.
-- Costs     about 100 bytes of memory a lock: a publish holds some 10,000 user rows and 100,000 recommendation rows until it
--           commits, 110,000 x 100 bytes = 11 MB for each chunk on its way, and two are: 22 MB.
-- Advice    only where sys.dm_db_index_operational_stats shows index_lock_promotion_count rising during runs.
-- Way back  ALTER TABLE dbo.card_recommendations SET (LOCK_ESCALATION = TABLE);
ALTER TABLE dbo.card_recommendations SET (LOCK_ESCALATION = DISABLE);
GO
