-- Purpose   The latest runs with their sums, the latest first. Counts come as FLOAT, times in UTC.
-- Answers   the columns of read_run; at most @runs rows
-- Locks     none (NOLOCK, which a view hands on to its tables): this only shows, and must not wait for a publish, which holds
--           its chunk's row for seconds. Counts may be ahead of their commit by that long.
-- Isolation READ UNCOMMITTED
-- Indexes   pk_run, pk_chunk
-- Avoids    BIGINT, which the driver gives as text.
-- Callers   cardgenius runs; cardgenius serve, for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_runs
  @runs  INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT CAST(p.run_id AS FLOAT) AS run_id, p.kind, p.state, p.reason, p.round, p.engine_name, p.engine_version,
         p.fingerprint, p.requested_by, p.gate_accepted, p.deadline_at, p.started_at, p.finished_at,
         CAST(p.chunks AS FLOAT) AS chunks, CAST(p.chunks_open AS FLOAT) AS chunks_open,
         CAST(p.chunks_leased AS FLOAT) AS chunks_leased, CAST(p.chunks_closed AS FLOAT) AS chunks_closed,
         CAST(p.planned_users AS FLOAT) AS planned_users, CAST(p.completed AS FLOAT) AS completed,
         CAST(p.failed AS FLOAT) AS failed, CAST(p.changed AS FLOAT) AS changed, CAST(p.gone AS FLOAT) AS gone,
         CAST(p.rows_written AS FLOAT) AS rows_written, CAST(p.rows_unchanged AS FLOAT) AS rows_unchanged,
         CAST(p.failures AS FLOAT) AS failures, p.batch_id,
         CAST(p.violations AS FLOAT) AS violations, p.violated
  FROM cardgenius.run_progress AS p WITH (NOLOCK)
  WHERE p.run_id IN (SELECT TOP (@runs) r.run_id FROM cardgenius.run AS r ORDER BY r.run_id DESC)
  ORDER BY p.run_id DESC;
END;
