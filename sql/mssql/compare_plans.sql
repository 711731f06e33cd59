-- Purpose   What the gate of eligible users asks: how many users a run planned at first, and how many its like did before: the
--           latest run that is done, had users, and was asked for as this one was: by the same schedule, or by hand.
--           A dry run or a run with a limit is never compared.
-- Answers   one row: planned, before; none where there is nothing to compare with
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_run, pk_chunk
-- Avoids    BIGINT, which the driver gives as text. Halves of a chunk: they are the users of the chunk that was split.
-- Callers   the chunk pipeline, once a run and processor; never with minEligibleShare 0
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.compare_plans
  @run_id  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @before_id BIGINT;

  SELECT @before_id = MAX(b.run_id)
  FROM cardgenius.run AS r
  JOIN cardgenius.run AS b
    ON b.run_id < r.run_id AND b.kind = r.kind AND b.user_limit IS NULL AND b.state = 'done'
   AND (b.requested_by = r.requested_by
        OR (b.requested_by NOT LIKE 'schedule %' AND r.requested_by NOT LIKE 'schedule %'))
  WHERE r.run_id = @run_id AND r.kind = 'batch' AND r.user_limit IS NULL
    AND EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = b.run_id);
  IF @before_id IS NULL
    RETURN;

  SELECT COALESCE(SUM(CASE WHEN c.run_id = @run_id THEN CAST(c.planned_users AS FLOAT) END), 0) AS planned,
         COALESCE(SUM(CASE WHEN c.run_id = @before_id THEN CAST(c.planned_users AS FLOAT) END), 0) AS before
  FROM cardgenius.chunk AS c
  WHERE c.run_id IN (@run_id, @before_id) AND c.round = 1 AND c.parent_no IS NULL;
END;
