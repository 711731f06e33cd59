-- Purpose   Whether users of a run are still failed: an alert about them closes when no user is. Its users are those in the key
--           ranges of its chunks that had any.
-- Answers   one row: failed (1 or 0)
-- Locks     shared, row by row, up to the first one found
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, the key of user_spending_data
-- Avoids    counting: it ends at the first one.
-- Callers   cardgenius serve, before it tells that an alert about failed users is over
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.has_failed
  @run_id  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT CASE WHEN EXISTS (
           SELECT 1
           FROM cardgenius.chunk AS c
           JOIN dbo.user_spending_data AS u ON u.user_id BETWEEN c.user_id_from AND c.user_id_to
           WHERE c.run_id = @run_id AND c.failed > 0 AND u.processing_status = 'failed') THEN 1 ELSE 0 END AS failed;
END;
