-- Purpose   User ids that stand twice in user_spending_data, and ranks that stand twice for a user in card_recommendations:
--           possible only where a table was made without its key. Each is a user who would be published twice, or not at all.
-- Answers   at most 20 rows: table_name, id, number
-- Locks     shared, row by row: a scan of both tables
-- Isolation READ COMMITTED
-- Indexes   the keys, where there are any: then the scan is in order and needs no sort
-- Avoids    two million groups in the answer: the first ten of each table are enough to begin with.
-- Callers   cardgenius doctor
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.doctor_duplicates
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT u.table_name, u.id, u.number
  FROM (SELECT TOP (10) 'user_spending_data' AS table_name, s.user_id AS id, CAST(COUNT_BIG(*) AS FLOAT) AS number
        FROM dbo.user_spending_data AS s
        GROUP BY s.user_id
        HAVING COUNT_BIG(*) > 1
        ORDER BY s.user_id) AS u
  UNION ALL
  SELECT r.table_name, r.id, r.number
  FROM (SELECT TOP (10) 'card_recommendations' AS table_name, c.user_id AS id, CAST(COUNT_BIG(*) AS FLOAT) AS number
        FROM dbo.card_recommendations AS c
        GROUP BY c.user_id, c.rank
        HAVING COUNT_BIG(*) > 1
        ORDER BY c.user_id) AS r;
END;
