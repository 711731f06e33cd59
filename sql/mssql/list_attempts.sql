-- Purpose   The latest attempts at chunks of a run, the latest first: the processor, from when to when, the outcome, where the
--           time went (milliseconds), and the error that ended it.
-- Answers   chunk_no, attempt, lease_owner, outcome (NULL: still at it), started_at, ended_at, compute_ms, load_ms,
--           publish_ms, error_code, error_message; at most @attempts rows
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_chunk_attempt
-- Avoids    the token: a reader that knows it could write.
-- Callers   cardgenius runs show; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_attempts
  @run_id    BIGINT,
  @attempts  INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@attempts) a.chunk_no, a.attempt, a.lease_owner, a.outcome, a.started_at, a.ended_at, a.compute_ms,
         a.load_ms, a.publish_ms, a.error_code, a.error_message
  FROM cardgenius.chunk_attempt AS a
  WHERE a.run_id = @run_id
  ORDER BY a.started_at DESC, a.chunk_no DESC, a.attempt DESC;
END;
