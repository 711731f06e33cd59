-- Twin of sql/mssql/renew_lease.sql. Differs in: nothing but the dialect.
-- Callers   the heartbeat, while the chunk's work moves; the publisher, while it isolates a row that the database refuses
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.renew_lease(
  p_run_id BIGINT, p_chunk_no INTEGER, p_token UUID, p_lease_seconds INTEGER, p_now TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (run_state TEXT)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE cardgenius.chunk AS c
     SET lease_until = cardgenius.clock(p_now) + make_interval(secs => p_lease_seconds)
    FROM cardgenius.run AS r
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased'
     AND r.run_id = c.run_id
  RETURNING r.state::TEXT;
$$;
