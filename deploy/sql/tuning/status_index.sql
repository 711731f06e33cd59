-- Purpose   Optional: An index for "which users are due". CashKaro's table, CashKaro's choice: no command applies this file.
-- Run it    by a db_owner, in a quiet hour, after reading and measuring
-- For       planning a round (once a run), status: both look for users by processing_status, and scan the table without it.
-- Saves     2,000,000 rows of about 120 bytes are 240 MB: 30,000 pages of 8 KB read for each plan. With the index a weekly run of
--           50,000 users reads 50,000 x (20 + 12 + 8) bytes = 2 MB: 250 pages.
-- Costs     2,000,000 x about 40 bytes = 80 MB of disk and cache. Each change of status moves an entry: a delete and an insert,
--           two log records of about 150 bytes. A user changes twice a run (new, pending, completed): 600 bytes, so
--           6 MB of log for 10,000 users, beside the 31.5 MB that docs/dba-guide.md counts without it.
-- Advice    yes for a weekly run of a few percent; no for the first load of everything (build it afterwards).
-- Not       filtered (WHERE processing_status = 'new'): a filtered index refuses every writer whose session has
--           QUOTED_IDENTIFIER OFF (error 1934), and such writers may be CashKaro's own.
-- Locks     Sch-M for a moment with ONLINE = ON (Enterprise, Azure SQL); else take that out: the table, for minutes.
-- Way back  DROP INDEX ix_user_spending_data_status ON dbo.user_spending_data;
CREATE INDEX ix_user_spending_data_status ON dbo.user_spending_data (processing_status, user_id)
  WITH (ONLINE = ON, FILLFACTOR = 90);
GO
