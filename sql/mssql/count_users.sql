-- Purpose   How many users stand in each status, over the whole table, and how many in another one (NULL among them: no run
--           looks for them). Not how many rows card_recommendations has: counting 20 million rows is verify's, which reads them.
-- Answers   one row
-- Locks     none (NOLOCK): this only shows, and must not wait for each publish in its way, one after the other. Beside a run a
--           user may be counted in the status before, or be missed.
-- Isolation READ UNCOMMITTED; decides nothing: no exit code, no gate, no next round
-- Indexes   none needed: one scan of user_spending_data; (processing_status, user_id) of tuning/status_index.sql is narrower
-- Avoids    INT counts, which a table that grew for years may not fit.
-- Callers   cardgenius status, demo, doctor
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.count_users
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT CAST(COUNT_BIG(CASE u.processing_status WHEN 'new' THEN 1 END) AS FLOAT) AS new,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'pending' THEN 1 END) AS FLOAT) AS pending,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'completed' THEN 1 END) AS FLOAT) AS completed,
         CAST(COUNT_BIG(CASE u.processing_status WHEN 'failed' THEN 1 END) AS FLOAT) AS failed,
         CAST(COUNT_BIG(CASE WHEN u.processing_status IN ('new', 'pending', 'completed', 'failed') THEN NULL ELSE 1 END) AS FLOAT)
           AS other
  FROM dbo.user_spending_data AS u WITH (NOLOCK);
END;
