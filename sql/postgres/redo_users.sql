-- Purpose   For the day the catalogue changes: puts completed users back to new, all of them or those who have a card among
--           their ten; or only counts them. Their rows stay until new ones replace them.
-- Answers   one row: users
-- Locks     the rows that it changes
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables
-- Callers   cardgenius redo
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.redo_users(p_card_name TEXT, p_apply BOOLEAN)
RETURNS TABLE (users FLOAT8)
LANGUAGE plpgsql AS $$
DECLARE
  v_users  BIGINT;
BEGIN
  IF p_apply THEN
    UPDATE public.user_spending_data AS u
       SET processing_status = 'new'
     WHERE u.processing_status = 'completed'
       AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                           WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
    GET DIAGNOSTICS v_users = ROW_COUNT;
  ELSE
    SELECT COUNT(*) INTO v_users
    FROM public.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                          WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
  END IF;
  RETURN QUERY SELECT v_users::FLOAT8;
END;
$$;
