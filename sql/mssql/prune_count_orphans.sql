-- Purpose   How many users have recommendations and are no longer in user_spending_data: said before any is deleted.
-- Answers   one row: orphans (users), rows_ (theirs), users (all who have recommendations)
-- Locks     shared, row by row: a scan of both tables, in the order of their keys
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables
-- Avoids    INT counts.
-- Callers   cardgenius prune --orphans
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR ALTER PROCEDURE cardgenius.prune_count_orphans
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT CAST(COUNT_BIG(CASE WHEN u.user_id IS NULL THEN 1 END) AS FLOAT) AS orphans,
         CAST(COALESCE(SUM(CASE WHEN u.user_id IS NULL THEN r.number END), 0) AS FLOAT) AS rows_,
         CAST(COUNT_BIG(*) AS FLOAT) AS users
  FROM (SELECT c.user_id, COUNT_BIG(*) AS number
        FROM dbo.card_recommendations AS c
        GROUP BY c.user_id) AS r
  LEFT JOIN dbo.user_spending_data AS u ON u.user_id = r.user_id;
END;
