-- Purpose   How many users stand in each status, over the whole table, how many in another one (NULL among them: no run looks for
--           them), and how many rows card_recommendations has.
-- Answers   one row
-- Locks     shared, row by row: a scan of both tables, or of their narrowest index
-- Isolation READ COMMITTED
-- Indexes   none needed; (processing_status, user_id) of tuning/status_index.sql makes it cheaper
-- Avoids    INT counts: a sum over two million users times ten fits, a table that grew for years may not.
-- Callers   cardgenius status, demo, doctor
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.count_users
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @recommendations FLOAT;

  SELECT @recommendations = COUNT_BIG(*) FROM dbo.card_recommendations;

  SELECT CAST(COUNT_BIG(CASE u.processing_status WHEN 'new' THEN 1 END) AS FLOAT) AS new,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'pending' THEN 1 END) AS FLOAT) AS pending,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'completed' THEN 1 END) AS FLOAT) AS completed,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'failed' THEN 1 END) AS FLOAT) AS failed,
         CAST(COUNT_BIG(CASE WHEN u.processing_status IN ('new', 'pending', 'completed', 'failed') THEN NULL ELSE 1 END) AS FLOAT)
           AS other,
         @recommendations AS recommendations
  FROM dbo.user_spending_data AS u;
END;
