-- Purpose   What the gate of failed users asks between compute and load: how many users of a run have completed and failed so
--           far, and whether an operator lets the run pass.
-- Answers   one row: completed, failed, gate_accepted, kind; none where there is no such run
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_run, pk_chunk
-- Avoids    waiting for a publish, which holds its chunk's row for seconds: READPAST passes over such a chunk, so the sums lack
--           the chunks in flight. That does no harm: a gate that misses a chunk in flight sees it with the next one.
--           run_progress, whose sums wait for every publish under way.
-- Callers   the chunk pipeline, for a chunk with a failed user; the gates, before they shut
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.sum_outcomes
  @run_id  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @completed FLOAT, @failed FLOAT;

  SELECT @completed = SUM(CAST(c.completed AS FLOAT)), @failed = SUM(CAST(c.failed AS FLOAT))
  FROM cardgenius.chunk AS c WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
  WHERE c.run_id = @run_id;

  SELECT COALESCE(@completed, 0) AS completed, COALESCE(@failed, 0) AS failed, r.gate_accepted, r.kind
  FROM cardgenius.run AS r
  WHERE r.run_id = @run_id;
END;
