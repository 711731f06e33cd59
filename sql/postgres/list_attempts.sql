-- Twin of sql/mssql/list_attempts.sql. Differs in: Answers, Locks.
-- Answers   chunk_no, attempt, lease_owner, outcome (NULL: still at it), started_at, ended_at, compute_ms, load_ms,
--           publish_ms, error_code, error_message; at most p_attempts rows
-- Locks     none
-- Callers   cardgenius runs show; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_attempts(p_run_id BIGINT, p_attempts INTEGER)
RETURNS TABLE (chunk_no INTEGER, attempt INTEGER, lease_owner TEXT, outcome TEXT, started_at TIMESTAMPTZ,
               ended_at TIMESTAMPTZ, compute_ms INTEGER, load_ms INTEGER, publish_ms INTEGER, error_code TEXT,
               error_message TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT a.chunk_no, a.attempt, a.lease_owner::TEXT, a.outcome::TEXT, a.started_at, a.ended_at, a.compute_ms, a.load_ms,
         a.publish_ms, a.error_code::TEXT, a.error_message::TEXT
  FROM cardgenius.chunk_attempt AS a
  WHERE a.run_id = p_run_id
  ORDER BY a.started_at DESC, a.chunk_no DESC, a.attempt DESC
  LIMIT p_attempts;
$$;
