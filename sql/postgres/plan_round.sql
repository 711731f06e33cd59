-- Twin of sql/mssql/plan_round.sql. Differs in: Purpose, Locks.
-- Purpose   Cuts the users that are due into key ranges of the run's chunk size: one round of a run. One pass, by
--           rank over the key, so that chunks are equal however sparse the due users lie. Returns the chunks made.
--           Due are users that are new, or left pending by a run that is over (within a run no user is pending by now).
-- Locks     row locks on the new chunks. Reads user_spending_data without locks.
-- Callers   open_run, advance_run; never called directly
-- Grants    none: runs with its callers' rights

CREATE OR REPLACE FUNCTION cardgenius.plan_round(p_run_id BIGINT, p_round INTEGER, p_now TIMESTAMPTZ)
RETURNS INTEGER
LANGUAGE plpgsql AS $$
DECLARE
  v_chunk_size  INTEGER;
  v_user_limit  BIGINT;
  v_last_no     INTEGER;
  v_chunks      INTEGER;
BEGIN
  SELECT r.chunk_size, r.user_limit INTO v_chunk_size, v_user_limit
  FROM cardgenius.run AS r
  WHERE r.run_id = p_run_id;

  SELECT COALESCE(MAX(c.chunk_no), 0) INTO v_last_no
  FROM cardgenius.chunk AS c
  WHERE c.run_id = p_run_id;

  INSERT INTO cardgenius.chunk
    (run_id, chunk_no, round, state, user_id_from, user_id_to, planned_users, not_before)
  SELECT p_run_id, v_last_no + 1 + cut.range_no, p_round, 'open', MIN(cut.user_id), MAX(cut.user_id), COUNT(*), p_now
  FROM (
    SELECT due.user_id, ((ROW_NUMBER() OVER (ORDER BY due.user_id) - 1) / v_chunk_size)::INTEGER AS range_no
    FROM (
      SELECT u.user_id
      FROM public.user_spending_data AS u
      WHERE u.processing_status IN ('new', 'pending')
      ORDER BY u.user_id
      LIMIT v_user_limit
    ) AS due
  ) AS cut
  GROUP BY cut.range_no;

  GET DIAGNOSTICS v_chunks = ROW_COUNT;
  RETURN v_chunks;
END;
$$;
