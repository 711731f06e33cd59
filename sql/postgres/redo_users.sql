-- Twin of sql/mssql/redo_users.sql. Differs in: Errors, Locks, Avoids.
-- Errors    CG005 no such run; CG003 the run is not over; CG012 it was a dry run, or its completed users are no longer kept
-- Locks     the rows that it changes
-- Avoids    OR EXISTS with the run's users: a subplan, which reads all of the run anew for each user. NOT EXISTS becomes a join.
-- Callers   cardgenius redo
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.redo_users(
  p_card_name   TEXT,
  p_older_than  TIMESTAMPTZ,
  p_apply       BOOLEAN,
  p_run_id      BIGINT DEFAULT NULL           -- NULL: in whatever run
)
RETURNS TABLE (users FLOAT8)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
SET plan_cache_mode = force_custom_plan       -- a filter that is not given costs nothing
AS $$
DECLARE
  v_run    cardgenius.run%ROWTYPE;
  v_users  BIGINT;
BEGIN
  IF p_run_id IS NOT NULL THEN
    SELECT r.* INTO v_run FROM cardgenius.run AS r WHERE r.run_id = p_run_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no run %, or prune has forgotten it: see cardgenius runs', p_run_id
        USING ERRCODE = 'CG005';
    ELSIF v_run.active_key = 0 THEN
      RAISE EXCEPTION 'run % is not over: wait for its end, or end it (cardgenius cancel), and ask again', p_run_id
        USING ERRCODE = 'CG003';
    ELSIF v_run.kind = 'dry_run' THEN
      RAISE EXCEPTION 'run % was a dry run: it has completed no user, and written no cards', p_run_id
        USING ERRCODE = 'CG012';
    ELSIF NOT EXISTS (SELECT FROM cardgenius.completed_user AS d WHERE d.run_id = p_run_id)
          AND EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.run_id = p_run_id AND c.completed > 0) THEN
      RAISE EXCEPTION 'which users run % has completed is no longer kept (prune). With others: cardgenius redo --older-than DATE',
        p_run_id USING ERRCODE = 'CG012';
    END IF;
  END IF;

  IF p_apply THEN
    WITH left_out AS MATERIALIZED (
      SELECT d.user_id
      FROM cardgenius.completed_user AS d
      JOIN cardgenius.chunk AS c ON c.run_id = d.run_id AND c.chunk_no = d.chunk_no
      WHERE p_older_than IS NOT NULL AND (c.closed_at IS NULL OR c.closed_at >= p_older_than)
      UNION ALL
      SELECT u.user_id
      FROM public.user_spending_data AS u
      WHERE p_run_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM cardgenius.completed_user AS d WHERE d.run_id = p_run_id AND d.user_id = u.user_id)
    )
    UPDATE public.user_spending_data AS u
       SET processing_status = 'new'
         , updated_at = clock_timestamp()     --? user_spending_data.updated_at
     WHERE u.processing_status = 'completed'
       AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.user_id = u.user_id)
       AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                           WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
    GET DIAGNOSTICS v_users = ROW_COUNT;
  ELSE
    WITH left_out AS MATERIALIZED (
      SELECT d.user_id
      FROM cardgenius.completed_user AS d
      JOIN cardgenius.chunk AS c ON c.run_id = d.run_id AND c.chunk_no = d.chunk_no
      WHERE p_older_than IS NOT NULL AND (c.closed_at IS NULL OR c.closed_at >= p_older_than)
      UNION ALL
      SELECT u.user_id
      FROM public.user_spending_data AS u
      WHERE p_run_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM cardgenius.completed_user AS d WHERE d.run_id = p_run_id AND d.user_id = u.user_id)
    )
    SELECT COUNT(*) INTO v_users
    FROM public.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.user_id = u.user_id)
      AND (p_card_name IS NULL OR EXISTS (SELECT FROM public.card_recommendations AS r
                                          WHERE r.user_id = u.user_id AND r.card_name = p_card_name));
  END IF;
  RETURN QUERY SELECT v_users::FLOAT8;
END;
$$;
