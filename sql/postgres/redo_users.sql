-- Twin of sql/mssql/redo_users.sql. Differs in: Locks.
-- Locks     the rows that it changes
-- Callers   cardgenius redo
-- Grants    EXECUTE for cardgenius_processor

DROP FUNCTION IF EXISTS cardgenius.redo_users(TEXT, BOOLEAN);

CREATE OR REPLACE FUNCTION cardgenius.redo_users(p_card_name TEXT, p_older_than TIMESTAMPTZ, p_apply BOOLEAN)
RETURNS TABLE (users FLOAT8)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
AS $$
DECLARE
  v_users  BIGINT;
BEGIN
  IF p_apply THEN
    WITH newer AS MATERIALIZED (
      SELECT DISTINCT d.user_id
      FROM cardgenius.completed_user AS d
      JOIN cardgenius.chunk AS c ON c.run_id = d.run_id AND c.chunk_no = d.chunk_no
      WHERE p_older_than IS NOT NULL AND (c.closed_at IS NULL OR c.closed_at >= p_older_than)
    )
    UPDATE public.user_spending_data AS u
       SET processing_status = 'new'
         , updated_at = clock_timestamp()     --? user_spending_data.updated_at
     WHERE u.processing_status = 'completed'
       AND NOT EXISTS (SELECT FROM newer AS n WHERE n.user_id = u.user_id)
       AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                           WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
    GET DIAGNOSTICS v_users = ROW_COUNT;
  ELSE
    WITH newer AS MATERIALIZED (
      SELECT DISTINCT d.user_id
      FROM cardgenius.completed_user AS d
      JOIN cardgenius.chunk AS c ON c.run_id = d.run_id AND c.chunk_no = d.chunk_no
      WHERE p_older_than IS NOT NULL AND (c.closed_at IS NULL OR c.closed_at >= p_older_than)
    )
    SELECT COUNT(*) INTO v_users
    FROM public.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND NOT EXISTS (SELECT FROM newer AS n WHERE n.user_id = u.user_id)
      AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                          WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
  END IF;
  RETURN QUERY SELECT v_users::FLOAT8;
END;
$$;
