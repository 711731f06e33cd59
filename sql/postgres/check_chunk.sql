-- Twin of sql/mssql/check_chunk.sql. Differs in: Locks, Indexes.
-- Locks     one row of chunk, for its own statement, after all is read
-- Indexes   pk_run_card, pk_completed_user, the keys of both contract tables, pk_chunk: each user's rows are looked up
-- Callers   the chunk pipeline, after publish; at the end of a run, for chunks whose processor died between the two
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.check_chunk(
  p_run_id    BIGINT,
  p_chunk_no  INTEGER,                        -- NULL: the first done one that was not looked at
  p_users     INTEGER DEFAULT 2000            -- at most so many users
)
RETURNS TABLE (chunk_no INTEGER, checked INTEGER, violations INTEGER, violated TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- completed_user is never analysed: each user's rows are looked up by key, and the list of cards is a constant of the plan.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_chunk_no   INTEGER := COALESCE(p_chunk_no, (SELECT MIN(c.chunk_no) FROM cardgenius.chunk AS c
                                                 WHERE c.run_id = p_run_id AND c.state = 'done' AND c.completed > 0
                                                   AND c.checked IS NULL));
  v_part       INTEGER := (SELECT FLOOR(random() * GREATEST(1, CEIL(c.completed::NUMERIC / p_users))) FROM cardgenius.chunk AS c
                           WHERE c.run_id = p_run_id AND c.chunk_no = v_chunk_no);
  v_cards      TEXT[] := ARRAY(SELECT DISTINCT rc.card_name::TEXT FROM cardgenius.run_card AS rc WHERE rc.run_id = p_run_id);
  v_checked    INTEGER;
  v_wrong      INTEGER;
  v_ten_ranks  INTEGER;
  v_order      INTEGER;
  v_net        INTEGER;
  v_card       INTEGER;
  v_violated   TEXT;
BEGIN
  SELECT COUNT(*), COUNT(*) FILTER (WHERE s.ranks OR s.disorder OR s.net OR s.card),
         COUNT(*) FILTER (WHERE s.ranks), COUNT(*) FILTER (WHERE s.disorder), COUNT(*) FILTER (WHERE s.net),
         COUNT(*) FILTER (WHERE s.card)
    INTO v_checked, v_wrong, v_ten_ranks, v_order, v_net, v_card
  FROM (
    SELECT r.user_id, r.ranks, r.net, r.card,
           (n[1] < n[2] OR n[2] < n[3] OR n[3] < n[4] OR n[4] < n[5] OR n[5] < n[6] OR n[6] < n[7] OR n[7] < n[8]
            OR n[8] < n[9] OR n[9] < n[10]) IS TRUE AS disorder
    FROM (
      SELECT d.user_id, COUNT(t.rank) <> 10 OR MIN(t.rank) <> 1 OR MAX(t.rank) <> 10 AS ranks,
             ARRAY_AGG(t.net_savings ORDER BY t.rank) AS n,
             BOOL_OR(t.rank IS NOT NULL
                     AND (t.net_savings = t.total_savings_yearly + t.total_extra_benefits - t.joining_fees) IS NOT TRUE) AS net,
             BOOL_OR(t.rank IS NOT NULL AND (t.card_name::TEXT = ANY (v_cards)) IS NOT TRUE) AS card
      FROM (
        SELECT c.user_id FROM cardgenius.completed_user AS c
        WHERE c.run_id = p_run_id AND c.chunk_no = v_chunk_no
        ORDER BY c.user_id
        OFFSET v_part * p_users LIMIT p_users
      ) AS d
      LEFT JOIN LATERAL (
        SELECT * FROM public.card_recommendations AS r WHERE r.user_id = d.user_id OFFSET 0
      ) AS t ON TRUE
      GROUP BY d.user_id
    ) AS r
  ) AS s
  WHERE CASE WHEN NOT (s.ranks OR s.disorder OR s.net OR s.card) THEN TRUE
             ELSE EXISTS (SELECT FROM public.user_spending_data AS u
                          WHERE u.user_id = s.user_id AND (u.processing_status = 'completed') IS TRUE) END;

  v_violated := CONCAT_WS(', ', CASE WHEN v_ten_ranks > 0 THEN 'ten_ranks ' || v_ten_ranks END,
                          CASE WHEN v_order > 0 THEN 'order_by_net ' || v_order END,
                          CASE WHEN v_net > 0 THEN 'net_adds_up ' || v_net END,
                          CASE WHEN v_card > 0 THEN 'card_of_run ' || v_card END);

  RETURN QUERY
  UPDATE cardgenius.chunk AS c
     SET checked = v_checked, violations = v_wrong, violated = NULLIF(v_violated, '')
   WHERE c.run_id = p_run_id AND c.chunk_no = v_chunk_no
  RETURNING c.chunk_no, c.checked, c.violations, c.violated::TEXT;
END;
$$;
