-- Twin of sql/mssql/compare_first_cards.sql. Differs in: Locks, Indexes.
-- Locks     one row of chunk, for its own statement
-- Indexes   pk_staged_recommendation, pk_chunk_user, pk_run_card, the key of card_recommendations, pk_chunk
-- Callers   the chunk pipeline, before publish; never with maxFirstCardChangedShare 1
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.compare_first_cards(
  p_run_id    BIGINT,
  p_chunk_no  INTEGER,
  p_token     UUID,
  p_load_no   BIGINT,
  p_users     INTEGER                         -- how many of a chunk are looked at: enough for a share
)
RETURNS TABLE (known FLOAT8, changed FLOAT8)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- Staged rows have no statistics, and a chunk is believed to be one row: of two ways that look alike the planner once took the
-- one that reads the whole chunk for each user. So each join is a look-up of its own (OFFSET 0 keeps it one), by its whole key.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
AS $$
DECLARE
  v_known    INTEGER;
  v_changed  INTEGER;
BEGIN
  SELECT COUNT(*), COUNT(*) FILTER (WHERE t.card_name <> rc.card_name) INTO v_known, v_changed
  FROM cardgenius.chunk_user AS cu
  CROSS JOIN LATERAL (
    SELECT r.card_name FROM public.card_recommendations AS r WHERE r.user_id = cu.user_id AND r.rank = 1 OFFSET 0
  ) AS t
  CROSS JOIN LATERAL (
    SELECT sr.card_no FROM cardgenius.staged_recommendation AS sr
    WHERE sr.load_no = p_load_no AND sr.user_no = cu.user_no AND sr.rank = 1 OFFSET 0
  ) AS s
  CROSS JOIN LATERAL (
    SELECT c.card_name FROM cardgenius.run_card AS c WHERE c.run_id = p_run_id AND c.card_no = s.card_no OFFSET 0
  ) AS rc
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no <= p_users;

  UPDATE cardgenius.chunk AS c
     SET first_cards_known = v_known, first_cards_changed = v_changed
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased';
  IF NOT FOUND THEN
    RETURN;
  END IF;

  RETURN QUERY
  SELECT COALESCE(SUM(c.first_cards_known), 0)::FLOAT8, COALESCE(SUM(c.first_cards_changed), 0)::FLOAT8
  FROM cardgenius.chunk AS c
  WHERE c.run_id = p_run_id;
END;
$$;
