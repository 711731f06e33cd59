-- Twin of sql/mssql/check_chunk.sql. Differs in: Locks, Indexes.
-- Locks     one row of chunk, for its own statement, after all is read
-- Indexes   pk_run_card, pk_completed_user, the keys of both contract tables, pk_chunk: each user's rows are looked up
-- Callers   the chunk pipeline, after publish; at the end of a run, for chunks whose processor died between the two
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.check_chunk(
  p_run_id    BIGINT,
  p_chunk_no  INTEGER,                        -- NULL: the first done one that was not looked at
  p_users     INTEGER                         -- of a chunk at most so many are looked at
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
  v_cards      TEXT[] := ARRAY(SELECT DISTINCT rc.card_name::TEXT FROM cardgenius.run_card AS rc WHERE rc.run_id = p_run_id);
  v_step       BIGINT;                       -- every so many-th user
  v_checked    INTEGER;
  v_wrong      INTEGER;
  v_ten_ranks  INTEGER;
  v_order      INTEGER;
  v_net        INTEGER;
  v_card       INTEGER;
  v_violated   TEXT;
BEGIN
  SELECT GREATEST(1, CEIL(c.completed / p_users::FLOAT8)) INTO v_step
  FROM cardgenius.chunk AS c
  WHERE c.run_id = p_run_id AND c.chunk_no = v_chunk_no;

  SELECT COUNT(*), COUNT(*) FILTER (WHERE s.ranks OR s.disorder OR s.net OR s.card),
         COUNT(*) FILTER (WHERE s.ranks), COUNT(*) FILTER (WHERE s.disorder), COUNT(*) FILTER (WHERE s.net),
         COUNT(*) FILTER (WHERE s.card)
    INTO v_checked, v_wrong, v_ten_ranks, v_order, v_net, v_card
  FROM (
    SELECT d.user_id, ROW_NUMBER() OVER (ORDER BY d.user_id) AS no
    FROM cardgenius.completed_user AS d
    WHERE d.run_id = p_run_id AND d.chunk_no = v_chunk_no
  ) AS d
  CROSS JOIN LATERAL (
    SELECT FROM public.user_spending_data AS u
    WHERE u.user_id = d.user_id AND (u.processing_status = 'completed') IS TRUE OFFSET 0
  ) AS u
  CROSS JOIN LATERAL (
    SELECT COUNT(*) <> 10 OR MIN(r.rank) <> 1 OR MAX(r.rank) <> 10 AS ranks,
           COALESCE(BOOL_OR(r.net_savings > r.net_before), FALSE) AS disorder,
           COALESCE(BOOL_OR(r.is_net_wrong), FALSE) AS net,
           COALESCE(BOOL_OR(r.is_card_wrong), FALSE) AS card
    FROM (
      SELECT t.rank, t.net_savings, LAG(t.net_savings) OVER (ORDER BY t.rank) AS net_before,
             (t.net_savings = t.total_savings_yearly + t.total_extra_benefits - t.joining_fees) IS NOT TRUE AS is_net_wrong,
             (t.card_name::TEXT = ANY (v_cards)) IS NOT TRUE AS is_card_wrong
      FROM public.card_recommendations AS t
      WHERE t.user_id = d.user_id
    ) AS r
  ) AS s
  WHERE d.no % v_step = v_chunk_no % v_step;

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
