-- Twin of sql/mssql/read_run.sql. Differs in: p_wait means nothing here, because a reader waits for no writer.
-- Purpose   A run with its sums: the one named, or the latest. Counts come as doubles, times as they are (UTC).
-- Locks     none
-- Isolation READ COMMITTED
-- Callers   the batch; cardgenius status, runs show, pause, resume, cancel, schedule run; cardgenius serve, also for its
--           alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.read_run(p_run_id BIGINT, p_wait BOOLEAN DEFAULT true)
RETURNS TABLE (run_id FLOAT8, kind TEXT, state TEXT, reason TEXT, round INTEGER, engine_name TEXT, engine_version TEXT,
               fingerprint TEXT, requested_by TEXT, gate_accepted BOOLEAN, deadline_at TIMESTAMPTZ, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ,
               chunks FLOAT8, chunks_open FLOAT8, chunks_leased FLOAT8, chunks_closed FLOAT8, planned_users FLOAT8,
               completed FLOAT8, failed FLOAT8, changed FLOAT8, gone FLOAT8, rows_written FLOAT8, rows_unchanged FLOAT8,
               failures FLOAT8, batch_id TEXT, violations FLOAT8, violated TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.run_id, p.kind::TEXT, p.state::TEXT, p.reason::TEXT, p.round, p.engine_name::TEXT, p.engine_version::TEXT,
         p.fingerprint::TEXT, p.requested_by::TEXT, p.gate_accepted, p.deadline_at, p.started_at, p.finished_at, p.chunks, p.chunks_open,
         p.chunks_leased, p.chunks_closed, p.planned_users, p.completed, p.failed, p.changed, p.gone, p.rows_written,
         p.rows_unchanged, p.failures, p.batch_id::TEXT, p.violations,
         p.violated::TEXT
  FROM cardgenius.run_progress AS p
  WHERE p.run_id = COALESCE(p_run_id, (SELECT MAX(r.run_id) FROM cardgenius.run AS r));
$$;
