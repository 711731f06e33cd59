-- Purpose   A run with its sums: the one named, or the latest ones. Counts come as FLOAT, times in UTC.
-- Answers   a row a run, the latest first; none where there is no such run
-- Locks     shared, row by row; none with @wait = 0: a publish holds its chunk's row for seconds, and a page
--           that shows must not wait for it
-- Isolation READ COMMITTED; READ UNCOMMITTED with @wait = 0, which decides nothing: no exit code, no gate, no next round
-- Indexes   pk_run, pk_chunk
-- Avoids    BIGINT, which the driver gives as text. A walk over later runs, whose rows another session may hold: a range of
--           the key, and not @run_id IS NULL OR run_id = @run_id.
-- Callers   list_runs; the batch; cardgenius status, runs show, pause, resume, cancel, schedule run; cardgenius serve, also
--           for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.read_run
  @run_id  BIGINT,                            -- NULL: the latest
  @wait    BIT = 1,                           -- 0: only to be shown, ahead of a commit by seconds at most
  @runs    INT = 1                            -- how many of the latest
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  IF @wait = 0 SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;

  DECLARE @last_id BIGINT = 9223372036854775807;

  SELECT CAST(p.run_id AS FLOAT) AS run_id, p.kind, p.state, p.reason, p.round, p.engine_name, p.engine_version,
         p.fingerprint, p.requested_by, p.gate_accepted, p.deadline_at, p.started_at, p.finished_at,
         CAST(p.chunks AS FLOAT) AS chunks, CAST(p.chunks_open AS FLOAT) AS chunks_open,
         CAST(p.chunks_leased AS FLOAT) AS chunks_leased, CAST(p.chunks_closed AS FLOAT) AS chunks_closed,
         CAST(p.planned_users AS FLOAT) AS planned_users, CAST(p.completed AS FLOAT) AS completed,
         CAST(p.failed AS FLOAT) AS failed, CAST(p.changed AS FLOAT) AS changed, CAST(p.gone AS FLOAT) AS gone,
         CAST(p.rows_written AS FLOAT) AS rows_written, CAST(p.rows_unchanged AS FLOAT) AS rows_unchanged,
         CAST(p.failures AS FLOAT) AS failures, p.batch_id,
         CAST(p.violations AS FLOAT) AS violations, p.violated
  FROM cardgenius.run_progress AS p
  WHERE p.run_id IN (SELECT TOP (@runs) r.run_id FROM cardgenius.run AS r
                     WHERE r.run_id BETWEEN COALESCE(@run_id, 0) AND COALESCE(@run_id, @last_id)
                     ORDER BY r.run_id DESC)
  ORDER BY p.run_id DESC;
END;
