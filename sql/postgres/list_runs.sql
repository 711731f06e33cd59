-- Twin of sql/mssql/list_runs.sql. Differs in: Purpose, Answers, Locks, Isolation.
-- Purpose   The latest runs with their sums, the latest first. Counts come as doubles, times as they are (UTC).
-- Answers   the columns of read_run; at most p_runs rows
-- Locks     none
-- Isolation READ COMMITTED
-- Callers   cardgenius runs; cardgenius serve, for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_runs(p_runs INTEGER)
RETURNS TABLE (run_id FLOAT8, kind TEXT, state TEXT, reason TEXT, round INTEGER, engine_name TEXT, engine_version TEXT,
               fingerprint TEXT, requested_by TEXT, gate_accepted BOOLEAN, deadline_at TIMESTAMPTZ,
               started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ,
               chunks FLOAT8, chunks_open FLOAT8, chunks_leased FLOAT8, chunks_closed FLOAT8, planned_users FLOAT8,
               completed FLOAT8, failed FLOAT8, changed FLOAT8, gone FLOAT8, rows_written FLOAT8, rows_unchanged FLOAT8,
               failures FLOAT8, batch_id TEXT, violations FLOAT8, violated TEXT)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT p.*
  FROM (SELECT r.run_id FROM cardgenius.run AS r ORDER BY r.run_id DESC LIMIT p_runs) AS latest
  CROSS JOIN LATERAL cardgenius.read_run(latest.run_id) AS p
  ORDER BY p.run_id DESC;
END;
$$;
