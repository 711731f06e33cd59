-- Twin of sql/mssql/forget_user.sql. Differs in: Errors.
-- Errors    CG010 a chunk with the user is open or leased
-- Callers   cardgenius forget; a DBA by hand
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR REPLACE FUNCTION cardgenius.forget_user(
  p_user_id TEXT,
  p_origin  TEXT DEFAULT NULL,                -- as in act; NULL: by hand, in SQL
  p_person  TEXT DEFAULT NULL
)
RETURNS TABLE (rows_ FLOAT8, spending INTEGER, cards INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_rows  BIGINT := 0;
  v_count BIGINT;
  v_word  TEXT := CASE WHEN p_user_id ~ '[^*]' THEN     -- the id between characters that are of no id: 12 is not in 123
                    '(?<![A-Za-z0-9_-])' || regexp_replace(p_user_id, '(\W)', '\\\1', 'g') || '(?![A-Za-z0-9_-])' END;
BEGIN
  IF EXISTS (SELECT FROM cardgenius.chunk AS c
             WHERE c.state IN ('open', 'leased')
               AND (c.user_id_from = p_user_id OR c.user_id_to = p_user_id
                    OR EXISTS (SELECT FROM cardgenius.chunk_user AS cu
                               WHERE cu.run_id = c.run_id AND cu.chunk_no = c.chunk_no AND cu.user_id = p_user_id))) THEN
    RAISE EXCEPTION 'a chunk with this user is open: wait for the run to end, or end it (cardgenius cancel), and ask again'
      USING ERRCODE = 'CG010';
  END IF;

  DELETE FROM cardgenius.completed_user AS d WHERE d.user_id = p_user_id;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  DELETE FROM cardgenius.chunk_user AS cu WHERE cu.user_id = p_user_id;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  DELETE FROM cardgenius.staged_spending AS s WHERE s.user_id = p_user_id;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;

  UPDATE cardgenius.chunk AS c
     SET user_id_from = COALESCE((SELECT MIN(u.user_id) FROM public.user_spending_data AS u
                                  WHERE u.user_id > p_user_id AND u.user_id <= c.user_id_to), '')
   WHERE c.user_id_from = p_user_id;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.chunk AS c
     SET user_id_to = COALESCE((SELECT MAX(u.user_id) FROM public.user_spending_data AS u
                                WHERE u.user_id < p_user_id AND u.user_id >= c.user_id_from), '')
   WHERE c.user_id_to = p_user_id;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;

  UPDATE cardgenius.chunk AS c
     SET error_message = LEFT(regexp_replace(c.error_message, v_word, '***', 'g'), 400) WHERE c.error_message ~ v_word;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.chunk_attempt AS a
     SET error_message = LEFT(regexp_replace(a.error_message, v_word, '***', 'g'), 400) WHERE a.error_message ~ v_word;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.run AS r
     SET reason = LEFT(regexp_replace(r.reason, v_word, '***', 'g'), 400) WHERE r.reason ~ v_word;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.alert AS a
     SET message = LEFT(regexp_replace(a.message, v_word, '***', 'g'), 1000) WHERE a.message ~ v_word;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.act AS a
     SET reason = LEFT(regexp_replace(a.reason, v_word, '***', 'g'), 400) WHERE a.reason ~ v_word;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;

  PERFORM cardgenius.record_act('forget', NULL, NULL, v_rows, p_origin, p_person, NULL);

  RETURN QUERY SELECT v_rows::FLOAT8,
    EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = p_user_id)::INTEGER,
    EXISTS (SELECT FROM public.card_recommendations AS r WHERE r.user_id = p_user_id)::INTEGER;
END;
$$;
