-- Twin of sql/mssql/split_chunk.sql. Differs in: Avoids, Errors.
-- Avoids    two claimers who split at once and take the same next number: an advisory lock, which the second waits for as for any
--           lock (lock_timeout). Here the token of the last user's chunk is given, and not found.
-- Errors    none of its own
-- Callers   claim_chunk; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR REPLACE FUNCTION cardgenius.split_chunk(p_run_id BIGINT, p_chunk_no INTEGER, p_now TIMESTAMPTZ)
RETURNS VOID
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_left     INTEGER;
  v_half     INTEGER;
  v_last_no  INTEGER;
BEGIN
  SELECT COUNT(*) INTO v_left FROM cardgenius.chunk_user AS cu WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no;

  IF v_left <= 1 THEN
    UPDATE cardgenius.chunk AS c
       SET lease_token = gen_random_uuid(), lease_until = p_now
     WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
    PERFORM cardgenius.publish_chunk(p_run_id, p_chunk_no, c.lease_token, NULL, NULL, NULL, 'ENGINE_CRASHED',
      'the process computing this user died five times in a row', NULL, NULL, p_now)
    FROM cardgenius.chunk AS c
    WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
    RETURN;
  END IF;

  PERFORM pg_advisory_xact_lock(hashtext('cardgenius.split_chunk'));
  v_half := (v_left + 1) / 2;
  SELECT MAX(c.chunk_no) INTO v_last_no FROM cardgenius.chunk AS c WHERE c.run_id = p_run_id;

  INSERT INTO cardgenius.chunk
    (run_id, chunk_no, round, state, user_id_from, user_id_to, planned_users, parent_no, not_before)
  SELECT p_run_id, v_last_no + half.half_no, parent.round, 'open', half.user_id_from, half.user_id_to, half.users,
         p_chunk_no, p_now
  FROM (
    SELECT numbered.half_no, MIN(numbered.user_id) AS user_id_from, MAX(numbered.user_id) AS user_id_to,
           COUNT(*)::INTEGER AS users
    FROM (
      SELECT cu.user_id, CASE WHEN ROW_NUMBER() OVER (ORDER BY cu.user_id) <= v_half THEN 1 ELSE 2 END AS half_no
      FROM cardgenius.chunk_user AS cu
      WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no
    ) AS numbered
    GROUP BY numbered.half_no
  ) AS half
  CROSS JOIN cardgenius.chunk AS parent
  WHERE parent.run_id = p_run_id AND parent.chunk_no = p_chunk_no;

  DELETE FROM cardgenius.chunk_user AS cu WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no;

  UPDATE cardgenius.chunk AS c
     SET state = 'split', closed_at = p_now, error_code = 'ENGINE_CRASHED',
         error_message = 'five leases in a row ran out: halved'
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
END;
$$;
