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
LANGUAGE plpgsql AS $$
DECLARE
  v_rows  BIGINT := 0;
  v_count BIGINT;
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
     SET error_message = REPLACE(c.error_message, p_user_id, '***') WHERE POSITION(p_user_id IN c.error_message) > 0;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.chunk_attempt AS a
     SET error_message = REPLACE(a.error_message, p_user_id, '***') WHERE POSITION(p_user_id IN a.error_message) > 0;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.run AS r SET reason = REPLACE(r.reason, p_user_id, '***') WHERE POSITION(p_user_id IN r.reason) > 0;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.alert AS a SET message = REPLACE(a.message, p_user_id, '***') WHERE POSITION(p_user_id IN a.message) > 0;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;
  UPDATE cardgenius.act AS a SET reason = REPLACE(a.reason, p_user_id, '***') WHERE POSITION(p_user_id IN a.reason) > 0;
  GET DIAGNOSTICS v_count = ROW_COUNT; v_rows := v_rows + v_count;

  PERFORM cardgenius.record_act('forget', NULL, NULL, v_rows, p_origin, p_person, NULL);

  RETURN QUERY SELECT v_rows::FLOAT8,
    EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = p_user_id)::INTEGER,
    EXISTS (SELECT FROM public.card_recommendations AS r WHERE r.user_id = p_user_id)::INTEGER;
END;
$$;
