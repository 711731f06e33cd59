-- Twin of sql/mssql/fail_chunk.sql. Differs in: nothing but the dialect.
-- Callers   the chunk pipeline
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.fail_chunk(
  p_run_id               BIGINT,
  p_chunk_no             INTEGER,
  p_token                UUID,
  p_error_code           TEXT,
  p_error_message        TEXT,
  p_may_pass             BOOLEAN,             -- TRUE: tried again, up to three times; FALSE: the users fail now
  p_retry_after_seconds  INTEGER,
  p_now                  TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (outcome TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now       TIMESTAMPTZ := cardgenius.clock(p_now);
  v_failures  INTEGER;
BEGIN
  UPDATE cardgenius.chunk AS c
     SET failures = c.failures + 1, expired_leases = 0, error_code = LEFT(p_error_code, 50),
         error_message = LEFT(p_error_message, 400)
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased'
  RETURNING c.failures INTO v_failures;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  UPDATE cardgenius.chunk_attempt AS a
     SET outcome = 'failed', ended_at = v_now, error_code = LEFT(p_error_code, 50),
         error_message = LEFT(p_error_message, 400)
   WHERE a.run_id = p_run_id AND a.chunk_no = p_chunk_no AND a.outcome IS NULL;

  IF p_may_pass AND v_failures < 3 THEN
    UPDATE cardgenius.chunk AS c
       SET state = 'open', not_before = v_now + make_interval(secs => p_retry_after_seconds),
           lease_token = NULL, lease_owner = NULL, lease_until = NULL, load_no = NULL
     WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
    RETURN QUERY SELECT 'retry';
    RETURN;
  END IF;

  PERFORM cardgenius.publish_chunk(p_run_id, p_chunk_no, p_token, NULL, NULL, NULL, p_error_code, p_error_message,
    NULL, NULL, v_now);
  UPDATE cardgenius.chunk AS c SET state = 'failed' WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
  RETURN QUERY SELECT 'failed';
END;
$$;
