-- Purpose   The staging of one load, in the session's own part of tempdb: created empty on the connection that the load keeps until
--           its chunk is published. The shapes are those of cardgenius.staged_recommendation and staged_outcome, which hold no
--           rows on SQL Server, so that names, types and collations stand in one place. No twin: PostgreSQL stages in
--           tables that stay.
-- Locks     Sch-S on the two shapes, for a moment; in tempdb the session's own
-- Isolation the session's own
-- Indexes   none
-- Avoids    staging in CashKaro's database: half of a chunk's log, sent to every replica, for rows that are deleted at once.
--           Named constraints on a temporary table: two sessions would collide (error 2714).
--           sp_executesql, whose scope would drop the tables at its end: this is sent as a plain batch.
--           Columns without a collation of the database: the shapes bring it, where tempdb's differs.
--           Statistics taken anew, and plans compiled anew, a dozen times a chunk in the middle of its publish: NORECOMPUTE here,
--           and FORCESEEK and LOOP JOIN in what reads the tables, so that no plan asks them.
-- Callers   the driver, before each bulk load; publish_chunk, compare_chunk and compare_first_cards read the tables
-- Grants    SELECT on both shapes, for cardgenius_processor

DROP TABLE IF EXISTS #staged_recommendation;
DROP TABLE IF EXISTS #staged_outcome;

SELECT s.user_no, s.rank, s.card_no, s.total_savings_yearly, s.total_extra_benefits, s.amazon_points, s.flipkart_points,
       s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points
INTO #staged_recommendation
FROM cardgenius.staged_recommendation AS s
WHERE 1 = 0;
ALTER TABLE #staged_recommendation ADD PRIMARY KEY CLUSTERED (user_no, rank) WITH (STATISTICS_NORECOMPUTE = ON);

SELECT o.user_no, o.error_code, o.error_message
INTO #staged_outcome
FROM cardgenius.staged_outcome AS o
WHERE 1 = 0;
ALTER TABLE #staged_outcome ADD PRIMARY KEY CLUSTERED (user_no) WITH (STATISTICS_NORECOMPUTE = ON);
