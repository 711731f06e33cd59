-- Twin of sql/mssql/prune_orphans.sql. Differs in: Avoids.
-- Avoids    a user who comes back meanwhile: looked at once more by the DELETE itself.
--           A run's way: a publish only writes users who are there.
-- Callers   cardgenius prune --orphans
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR REPLACE FUNCTION cardgenius.prune_orphans(p_after_user_id VARCHAR)
RETURNS TABLE (last_user_id VARCHAR, deleted BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_after    public.user_spending_data.user_id%TYPE := COALESCE(p_after_user_id, '');
  v_last     public.user_spending_data.user_id%TYPE;
  v_deleted  BIGINT := 0;
BEGIN
  SELECT MAX(page.user_id) INTO v_last
  FROM (SELECT DISTINCT r.user_id
        FROM public.card_recommendations AS r
        WHERE r.user_id > v_after
          AND NOT EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = r.user_id)
        ORDER BY r.user_id
        LIMIT 300) AS page;

  IF v_last IS NOT NULL THEN
    DELETE FROM public.card_recommendations AS r
    WHERE r.user_id > v_after AND r.user_id <= v_last
      AND NOT EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = r.user_id);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  END IF;

  RETURN QUERY SELECT v_last::VARCHAR, v_deleted;
END;
$$;
