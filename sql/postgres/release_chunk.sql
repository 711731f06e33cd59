-- Twin of sql/mssql/release_chunk.sql. Differs in: Locks.
-- Locks     one row of chunk
-- Callers   the claim loops, by the table of src/batch/recovery.ts
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.release_chunk(
  p_run_id BIGINT, p_chunk_no INTEGER, p_token UUID, p_now TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (chunk_no INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  UPDATE cardgenius.chunk AS c
     SET state = 'open', not_before = cardgenius.clock(p_now), expired_leases = 0,
         lease_token = NULL, lease_owner = NULL, lease_until = NULL, load_no = NULL
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased';
  IF FOUND THEN
    UPDATE cardgenius.chunk_attempt AS a
       SET outcome = 'released', ended_at = cardgenius.clock(p_now)
     WHERE a.run_id = p_run_id AND a.chunk_no = p_chunk_no AND a.outcome IS NULL;
    RETURN QUERY SELECT p_chunk_no;
  END IF;
END;
$$;
