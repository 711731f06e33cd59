-- Twin of sql/mssql/run_progress.sql. Differs in: Locks.
-- Locks     none
-- Callers   read_run, list_runs; DBAs
-- Grants    SELECT for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE VIEW cardgenius.run_progress AS
SELECT r.run_id, r.kind, r.state, r.reason, r.round, r.max_rounds, r.engine_name, r.engine_version, r.fingerprint,
       r.requested_by, r.gate_accepted, r.deadline_at, r.started_at, r.finished_at, r.batch_id,
       COALESCE(c.chunks, 0) AS chunks,
       COALESCE(c.chunks_open, 0) AS chunks_open,
       COALESCE(c.chunks_leased, 0) AS chunks_leased,
       COALESCE(c.chunks_closed, 0) AS chunks_closed,
       COALESCE(c.planned_users, 0) AS planned_users,
       COALESCE(c.completed, 0) AS completed,
       COALESCE(c.failed, 0) AS failed,
       COALESCE(c.changed, 0) AS changed,
       COALESCE(c.gone, 0) AS gone,
       COALESCE(c.rows_written, 0) AS rows_written,
       COALESCE(c.rows_unchanged, 0) AS rows_unchanged,
       COALESCE(c.failures, 0) AS failures,
       COALESCE(c.violations, 0) AS violations, c.violated
FROM cardgenius.run AS r
LEFT JOIN LATERAL (
  SELECT COUNT(*) AS chunks,
         SUM(CASE ch.state WHEN 'open' THEN 1 ELSE 0 END) AS chunks_open,
         SUM(CASE ch.state WHEN 'leased' THEN 1 ELSE 0 END) AS chunks_leased,
         SUM(CASE WHEN ch.closed_at IS NOT NULL THEN 1 ELSE 0 END) AS chunks_closed,
         SUM(CASE ch.state WHEN 'split' THEN ch.completed + ch.failed + ch.changed + ch.gone
                           ELSE COALESCE(ch.users, ch.planned_users) END) AS planned_users,
         SUM(ch.completed) AS completed,
         SUM(ch.failed) AS failed,
         SUM(ch.changed) AS changed,
         SUM(ch.gone) AS gone,
         SUM(ch.rows_written) AS rows_written,
         SUM(ch.rows_unchanged) AS rows_unchanged,
         SUM(ch.failures) AS failures,
         SUM(ch.violations) AS violations,
         MAX(ch.violated) AS violated                              -- of one chunk, as an example
  FROM cardgenius.chunk AS ch
  WHERE ch.run_id = r.run_id
) AS c ON TRUE;
