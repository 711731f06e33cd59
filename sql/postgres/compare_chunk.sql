-- Twin of sql/mssql/compare_chunk.sql. Differs in: Purpose, Answers, Locks, Indexes.
-- Purpose   What publish_chunk does for a dry run: counts the rows that would be written, inserted or changed, and those that
--           would stay; clears what was staged, and closes the chunk. Nothing of CashKaro's is touched.
-- Answers   one row: state of the chunk, and its counts so far
-- Locks     chunk (held by the caller), the rows of staging and chunk_user that it clears
-- Indexes   pk_chunk, pk_chunk_user, pk_staged_outcome, pk_staged_recommendation, the key of card_recommendations
-- Callers   publish_chunk, after the fence and the counts; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR REPLACE FUNCTION cardgenius.compare_chunk(
  p_run_id        BIGINT,
  p_chunk_no      INTEGER,
  p_load_no       BIGINT,
  p_from          INTEGER,
  p_to            INTEGER,
  p_failure_code  TEXT,
  p_compute_ms    INTEGER,
  p_load_ms       INTEGER,
  p_now           TIMESTAMPTZ
)
RETURNS TABLE (state TEXT, users INTEGER, completed INTEGER, failed INTEGER, changed INTEGER, gone INTEGER,
               rows_written INTEGER, rows_unchanged INTEGER)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_span      INTEGER;
  v_completed INTEGER := 0;
  v_written   INTEGER := 0;
BEGIN
  SELECT COUNT(*) INTO v_span
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN p_from AND p_to;

  IF p_failure_code IS NULL THEN
    SELECT v_span - COUNT(*) INTO v_completed
    FROM cardgenius.staged_outcome AS o
    WHERE o.load_no = p_load_no AND o.user_no BETWEEN p_from AND p_to AND o.error_code IS NOT NULL;

    SELECT COUNT(*) INTO v_written
    FROM cardgenius.staged_row AS s
    LEFT JOIN public.card_recommendations AS t ON t.user_id = s.user_id AND t.rank = s.rank
    WHERE s.load_no = p_load_no AND s.run_id = p_run_id AND s.chunk_no = p_chunk_no AND s.user_no BETWEEN p_from AND p_to
      AND (t.card_name, t.total_savings_yearly, t.joining_fees, t.total_extra_benefits, t.amazon_points,
           t.flipkart_points, t.myntra_points, t.ajio_points, t.grocery_points, t.other_online_points,
           t.redemption_method, t.redemption_rate
           , t.card_id                                                                --? card_recommendations.card_id
          )
          IS DISTINCT FROM
          (s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.amazon_points,
           s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
           s.redemption_method, s.redemption_rate
           , s.card_id                                                                --? card_recommendations.card_id
          );
  END IF;

  DELETE FROM cardgenius.staged_recommendation AS s WHERE s.load_no = p_load_no AND s.user_no BETWEEN p_from AND p_to;
  DELETE FROM cardgenius.staged_outcome AS o WHERE o.load_no = p_load_no AND o.user_no BETWEEN p_from AND p_to;
  DELETE FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN p_from AND p_to;

  UPDATE cardgenius.chunk AS c
     SET completed = c.completed + v_completed, failed = c.failed + v_span - v_completed,
         rows_written = c.rows_written + v_written, rows_unchanged = c.rows_unchanged + v_completed * 10 - v_written
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;

  IF NOT EXISTS (SELECT FROM cardgenius.chunk_user AS cu WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no) THEN
    UPDATE cardgenius.chunk AS c
       SET state = 'done', closed_at = p_now, expired_leases = 0
     WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
    UPDATE cardgenius.chunk_attempt AS a
       SET outcome = 'done', ended_at = p_now, compute_ms = p_compute_ms, load_ms = p_load_ms
     WHERE a.run_id = p_run_id AND a.chunk_no = p_chunk_no AND a.outcome IS NULL;
  END IF;

  RETURN QUERY SELECT * FROM cardgenius.chunk_result(p_run_id, p_chunk_no);
END;
$$;
