-- Purpose   How many users have each card: as the first of their ten, and among the ten.
-- Answers   card_name, firsts, tens; the most frequent first card first
-- Locks     shared, row by row: one pass over card_recommendations
-- Isolation READ COMMITTED: beside a run, users who are just being published may be counted before or after
-- Indexes   none needed: all rows are read
-- Avoids    BIGINT in the answer, which the driver gives as text.
-- Callers   cardgenius report
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.report_cards
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  SELECT c.card_name,
         CAST(COUNT_BIG(CASE c.rank WHEN 1 THEN 1 END) AS FLOAT) AS firsts,
         CAST(COUNT_BIG(*) AS FLOAT) AS tens
  FROM dbo.card_recommendations AS c
  GROUP BY c.card_name
  ORDER BY firsts DESC, tens DESC, c.card_name;
END;
