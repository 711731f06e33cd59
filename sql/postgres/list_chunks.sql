-- Twin of sql/mssql/list_chunks.sql. Differs in: Answers, Locks, Isolation.
-- Answers   chunk_no, round, state, users (planned until the first claim), completed, failed, changed, gone, attempt,
--           failures, lease_owner and lease_until (NULL without a lease), started_at of its attempt, closed_at,
--           error_code and error_message of its last failure, first_cards_known and first_cards_changed (NULL: not looked at); at
--           most p_chunks rows
-- Locks     none
-- Isolation READ COMMITTED
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_chunks(p_run_id BIGINT, p_after_chunk_no INTEGER, p_chunks INTEGER)
RETURNS TABLE (chunk_no INTEGER, round INTEGER, state TEXT, users INTEGER, completed INTEGER, failed INTEGER,
               changed INTEGER, gone INTEGER, attempt INTEGER, failures INTEGER, lease_owner TEXT, lease_until TIMESTAMPTZ,
               started_at TIMESTAMPTZ, closed_at TIMESTAMPTZ, error_code TEXT, error_message TEXT,
               first_cards_known INTEGER, first_cards_changed INTEGER)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.chunk_no, c.round, c.state::TEXT, COALESCE(c.users, c.planned_users), c.completed, c.failed, c.changed, c.gone,
         c.claims, c.failures,
         CASE c.state WHEN 'leased' THEN c.lease_owner::TEXT END, CASE c.state WHEN 'leased' THEN c.lease_until END,
         a.started_at, c.closed_at, c.error_code::TEXT, c.error_message::TEXT,
         c.first_cards_known, c.first_cards_changed
  FROM cardgenius.chunk AS c
  LEFT JOIN cardgenius.chunk_attempt AS a
    ON a.run_id = c.run_id AND a.chunk_no = c.chunk_no AND a.attempt = c.claims
  WHERE c.run_id = p_run_id AND c.chunk_no > p_after_chunk_no
  ORDER BY c.chunk_no
  LIMIT p_chunks;
$$;
