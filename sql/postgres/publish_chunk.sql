-- Twin of sql/mssql/publish_chunk.sql. Differs in: Purpose, Answers, Errors, Locks, Indexes.
-- Purpose   Swaps the staged results of a chunk in: one transaction, and the same when it is called twice.
--             1 the fence     an UPDATE of the chunk's row under its token: from here its lock is the lease
--             2 the counts    ten rows for each user that the load does not name as failed
--             3 the decision  one for each user, under lock: pending and spends unchanged becomes completed or failed;
--                             pending and changed becomes new; a status that another writer set is left alone
--             4 the MERGE     of the users just completed, and of no one else; rows that would not change get this run's
--                             processed_at and batch_id alone, and nothing where the run has stamp_unchanged = false
--             5 the clearing  of what was staged; the chunk closes when its last user is decided
--           With a span of user numbers it does that for the span alone: so that one row which the database refuses is
--           isolated without losing the others. With a failure code the users of the span become failed, nothing is read
--           from staging, and their rows of last week stay.
--           A dry run goes as far as the counts: it tells the rows that would be written, and changes nothing of CashKaro's.
-- Answers   one row: state of the chunk, and its counts so far
-- Errors    CG001 the lease is lost · CG004 the staged rows do not add up (load again)
-- Locks     chunk, user_spending_data, card_recommendations, staging, in that order; the row of run is never written
-- Indexes   pk_chunk, pk_chunk_user, pk_staged_outcome, pk_staged_recommendation, the keys of both contract tables
-- Callers   the chunk pipeline; fail_chunk; split_chunk
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.publish_chunk(
  p_run_id           BIGINT,
  p_chunk_no         INTEGER,
  p_token            UUID,
  p_load_no          BIGINT,
  p_user_no_from     INTEGER,                 -- NULL: from the first
  p_user_no_to       INTEGER,                 -- NULL: to the last
  p_failure_code     TEXT,                    -- NULL: publish what was staged
  p_failure_message  TEXT,
  p_compute_ms       INTEGER,
  p_load_ms          INTEGER,
  p_now              TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (state TEXT, users INTEGER, completed INTEGER, failed INTEGER, changed INTEGER, gone INTEGER,
               rows_written INTEGER, rows_unchanged INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- Staging is filled and emptied all the time, and nothing ever analyses it: the planner is told how to join. A look-up by key
-- here; the MERGE (4) says for itself.
-- IS TRUE keeps an index on processing_status out of the decision (3): statistics know hardly any user as pending, and
-- the plan would look through all of them for each user.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_mergejoin = off
SET enable_nestloop = on
SET enable_hashjoin = on
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
AS $$
#variable_conflict use_column
DECLARE
  v_now           TIMESTAMPTZ := cardgenius.clock(p_now);
  v_started       TIMESTAMPTZ := clock_timestamp();
  v_from          INTEGER := COALESCE(p_user_no_from, 1);
  v_to            INTEGER := COALESCE(p_user_no_to, 2147483647);
  v_error_length  INTEGER;
  v_load_no       BIGINT;
  v_span          INTEGER;
  v_failures      INTEGER;
  v_rows          INTEGER;
  v_completed_nos INTEGER[];                 -- the numbers of the users just completed
  v_user_id_from  TEXT;                      -- of the completed: no row of the target outside can be theirs
  v_user_id_to    TEXT;
  v_is_dense      BOOLEAN;                   -- most users of that range are ours, or it is small
  v_completed     INTEGER;
  v_failed        INTEGER;
  v_gone          INTEGER;
  v_written       INTEGER;
  v_run           cardgenius.run%ROWTYPE;
BEGIN
  -- Read before any lock, as on SQL Server (where a caller that already holds a chunk's lock passes the kind): a run's kind never
  -- changes.
  SELECT r.* INTO v_run FROM cardgenius.run AS r WHERE r.run_id = p_run_id;

  -- 1 The fence.
  UPDATE cardgenius.chunk AS c
     SET lease_until = c.lease_until
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased'
  RETURNING c.load_no INTO v_load_no;

  IF NOT FOUND THEN
    IF EXISTS (SELECT FROM cardgenius.chunk AS c
               WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token
                 AND c.state IN ('done', 'failed')) THEN
      RETURN QUERY SELECT * FROM cardgenius.chunk_result(p_run_id, p_chunk_no);   -- done before, the answer was lost
      RETURN;
    END IF;
    RAISE EXCEPTION 'the lease of chunk % of run % is lost', p_chunk_no, p_run_id USING ERRCODE = 'CG001';
  END IF;

  -- 2 The counts.
  SELECT COUNT(*) INTO v_span
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to;

  IF p_failure_code IS NULL THEN
    SELECT COUNT(*) INTO v_failures
    FROM cardgenius.staged_outcome AS o
    WHERE o.load_no = p_load_no AND o.user_no BETWEEN v_from AND v_to AND o.error_code IS NOT NULL;

    SELECT COUNT(*) INTO v_rows
    FROM cardgenius.staged_recommendation AS s
    WHERE s.load_no = p_load_no AND s.user_no BETWEEN v_from AND v_to;

    IF v_load_no IS DISTINCT FROM p_load_no OR v_rows <> (v_span - v_failures) * 10 THEN
      RAISE EXCEPTION 'load % of chunk % of run % does not add up: % users, % of them failed, and % rows',
        p_load_no, p_chunk_no, p_run_id, v_span, v_failures, v_rows USING ERRCODE = 'CG004';
    END IF;
  END IF;

  SELECT COALESCE(col.character_maximum_length, 1000000) INTO v_error_length
  FROM information_schema.columns AS col
  WHERE col.table_schema = 'public' AND col.table_name = 'user_spending_data' AND col.column_name = 'processing_error';

  IF v_run.kind = 'dry_run' THEN
    RETURN QUERY SELECT * FROM cardgenius.compare_chunk(p_run_id, p_chunk_no, p_load_no, v_from, v_to, p_failure_code,
      p_compute_ms, p_load_ms, v_now);
    RETURN;
  END IF;

  -- 3 The decision.
  WITH decided AS (
    UPDATE public.user_spending_data AS u
       SET processing_status = CASE
             WHEN (cu.avg_amazon_gmv, cu.avg_flipkart_gmv, cu.avg_myntra_gmv, cu.avg_ajio_gmv, cu.avg_grocery_gmv,
                   cu.avg_confirmed_gmv)
                  IS DISTINCT FROM
                  (u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv, u.avg_grocery_gmv,
                   u.avg_confirmed_gmv) THEN 'new'
             WHEN COALESCE(p_failure_code, o.error_code) IS NULL THEN 'completed'
             ELSE 'failed' END,
           processing_error = CASE
             WHEN (cu.avg_amazon_gmv, cu.avg_flipkart_gmv, cu.avg_myntra_gmv, cu.avg_ajio_gmv, cu.avg_grocery_gmv,
                   cu.avg_confirmed_gmv)
                  IS DISTINCT FROM
                  (u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv, u.avg_grocery_gmv,
                   u.avg_confirmed_gmv) THEN NULL
             WHEN p_failure_code IS NOT NULL THEN LEFT(p_failure_code || ': ' || p_failure_message, v_error_length)
             ELSE LEFT(o.error_code || ': ' || o.error_message, v_error_length) END
         , last_processed_at = CASE           --? user_spending_data.last_processed_at
             WHEN (cu.avg_amazon_gmv, cu.avg_flipkart_gmv, cu.avg_myntra_gmv, cu.avg_ajio_gmv, cu.avg_grocery_gmv,      --? user_spending_data.last_processed_at
                   cu.avg_confirmed_gmv)      --? user_spending_data.last_processed_at
                  IS DISTINCT FROM            --? user_spending_data.last_processed_at
                  (u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv, u.avg_grocery_gmv,           --? user_spending_data.last_processed_at
                   u.avg_confirmed_gmv) THEN u.last_processed_at                      --? user_spending_data.last_processed_at
             ELSE v_now END                   --? user_spending_data.last_processed_at
         , updated_at = v_now                 --? user_spending_data.updated_at
      FROM cardgenius.chunk_user AS cu
      LEFT JOIN cardgenius.staged_outcome AS o ON o.load_no = p_load_no AND o.user_no = cu.user_no
     WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to
       AND u.user_id = cu.user_id AND (u.processing_status = 'pending') IS TRUE
    RETURNING cu.user_no, u.user_id, u.processing_status
  )
  SELECT ARRAY_AGG(d.user_no) FILTER (WHERE d.processing_status = 'completed'),
         COUNT(*) FILTER (WHERE d.processing_status = 'completed'),
         COUNT(*) FILTER (WHERE d.processing_status = 'failed')
  INTO v_completed_nos, v_completed, v_failed
  FROM decided AS d;

  v_gone := 0;
  IF v_completed < v_span THEN
    SELECT COUNT(*) INTO v_gone
    FROM cardgenius.chunk_user AS cu
    WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to
      AND NOT EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = cu.user_id);

    DELETE FROM cardgenius.chunk_user AS cu   -- so that the completed ones are what is left of the span
    WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to
      AND cu.user_no NOT IN (SELECT UNNEST(v_completed_nos));
  END IF;

  -- 4 The MERGE; a plain INSERT where the target has no row in the users' range, as in a first run: a quarter less time.
  -- Where most users of the key range are ours, as in a first run, the target's range is read once and hashed:
  -- half the time of looking up each row. So is a small target: of an empty one the planner believes that any way is free, and
  -- may take one that costs minutes as it fills. Else each row is looked up by key.
  SELECT MIN(cu.user_id), MAX(cu.user_id) INTO v_user_id_from, v_user_id_to
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to;

  SELECT COUNT(*) <= 3 * v_completed OR pg_relation_size('public.card_recommendations') < 16000000 INTO v_is_dense
  FROM (
    SELECT FROM public.user_spending_data AS u
    WHERE u.user_id BETWEEN v_user_id_from AND v_user_id_to
    LIMIT 3 * v_completed + 1
  ) AS in_range;

  PERFORM set_config(CASE WHEN v_is_dense THEN 'enable_nestloop' ELSE 'enable_hashjoin' END, 'off', TRUE);
  IF NOT EXISTS (SELECT FROM public.card_recommendations AS t WHERE t.user_id BETWEEN v_user_id_from AND v_user_id_to) THEN
    INSERT INTO public.card_recommendations
      (user_id, rank, card_name, total_savings_yearly, joining_fees, total_extra_benefits, net_savings, amazon_points,
       flipkart_points, myntra_points, ajio_points, grocery_points, other_online_points, redemption_method, redemption_rate
       , card_id                              --? card_recommendations.card_id
       , processed_at                         --? card_recommendations.processed_at
       , batch_id                             --? card_recommendations.batch_id
       , created_at                           --? card_recommendations.created_at
       , updated_at                           --? card_recommendations.updated_at
      )
    SELECT
      s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
      s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
      s.redemption_method, s.redemption_rate
      , s.card_id                             --? card_recommendations.card_id
      , v_now                                 --? card_recommendations.processed_at
      , v_run.batch_id                        --? card_recommendations.batch_id
      , v_now                                 --? card_recommendations.created_at
      , v_now                                 --? card_recommendations.updated_at
    FROM cardgenius.staged_row AS s
    WHERE s.load_no = p_load_no AND s.run_id = p_run_id AND s.chunk_no = p_chunk_no AND s.user_no BETWEEN v_from AND v_to;
  ELSE
    MERGE INTO public.card_recommendations AS t
    USING (
      SELECT r.* FROM cardgenius.staged_row AS r
      WHERE r.load_no = p_load_no AND r.run_id = p_run_id AND r.chunk_no = p_chunk_no AND r.user_no BETWEEN v_from AND v_to
    ) AS s
    ON t.user_id = s.user_id AND t.rank = s.rank AND t.user_id BETWEEN v_user_id_from AND v_user_id_to
    WHEN MATCHED AND
         (t.card_name, t.total_savings_yearly, t.joining_fees, t.total_extra_benefits, t.net_savings, t.amazon_points,
          t.flipkart_points, t.myntra_points, t.ajio_points, t.grocery_points, t.other_online_points,
          t.redemption_method, t.redemption_rate
          , t.card_id                         --? card_recommendations.card_id
         )
         IS DISTINCT FROM
         (s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings, s.amazon_points,
          s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
          s.redemption_method, s.redemption_rate
          , s.card_id                         --? card_recommendations.card_id
         )
    THEN UPDATE SET
      card_name = s.card_name, total_savings_yearly = s.total_savings_yearly, joining_fees = s.joining_fees,
      total_extra_benefits = s.total_extra_benefits, net_savings = s.net_savings, amazon_points = s.amazon_points,
      flipkart_points = s.flipkart_points, myntra_points = s.myntra_points, ajio_points = s.ajio_points,
      grocery_points = s.grocery_points, other_online_points = s.other_online_points,
      redemption_method = s.redemption_method, redemption_rate = s.redemption_rate
      , card_id = s.card_id                   --? card_recommendations.card_id
      , processed_at = v_now                  --? card_recommendations.processed_at
      , batch_id = v_run.batch_id             --? card_recommendations.batch_id
      , updated_at = v_now                    --? card_recommendations.updated_at
    WHEN NOT MATCHED THEN INSERT
      (user_id, rank, card_name, total_savings_yearly, joining_fees, total_extra_benefits, net_savings, amazon_points,
       flipkart_points, myntra_points, ajio_points, grocery_points, other_online_points, redemption_method, redemption_rate
       , card_id                              --? card_recommendations.card_id
       , processed_at                         --? card_recommendations.processed_at
       , batch_id                             --? card_recommendations.batch_id
       , created_at                           --? card_recommendations.created_at
       , updated_at                           --? card_recommendations.updated_at
      )
    VALUES
      (s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
       s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
       s.redemption_method, s.redemption_rate
       , s.card_id                            --? card_recommendations.card_id
       , v_now                                --? card_recommendations.processed_at
       , v_run.batch_id                       --? card_recommendations.batch_id
       , v_now                                --? card_recommendations.created_at
       , v_now                                --? card_recommendations.updated_at
      );
  END IF;
  GET DIAGNOSTICS v_written = ROW_COUNT;

  -- The rows that did not change carry this run's time and batch, too; net_savings stands for the one column that a SET needs.
  IF v_run.stamp_unchanged AND v_written < v_completed * 10 THEN
    UPDATE public.card_recommendations AS t
       SET net_savings = t.net_savings
         , processed_at = v_now               --? card_recommendations.processed_at
         , batch_id = v_run.batch_id          --? card_recommendations.batch_id
      FROM cardgenius.chunk_user AS cu
     WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to
       AND t.user_id = cu.user_id AND t.user_id BETWEEN v_user_id_from AND v_user_id_to
       AND (FALSE
            OR t.processed_at IS DISTINCT FROM v_now          --? card_recommendations.processed_at
            OR t.batch_id IS DISTINCT FROM v_run.batch_id     --? card_recommendations.batch_id
           );
  END IF;

  -- 5 The clearing.
  DELETE FROM cardgenius.staged_recommendation AS s WHERE s.load_no = p_load_no AND s.user_no BETWEEN v_from AND v_to;
  DELETE FROM cardgenius.staged_outcome AS o WHERE o.load_no = p_load_no AND o.user_no BETWEEN v_from AND v_to;
  WITH completed AS (                         -- they are what is left of it; redo asks who they were
    DELETE FROM cardgenius.chunk_user AS cu
    WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no BETWEEN v_from AND v_to
    RETURNING cu.user_id
  )
  INSERT INTO cardgenius.completed_user (run_id, chunk_no, user_id)
  SELECT p_run_id, p_chunk_no, d.user_id FROM completed AS d;

  UPDATE cardgenius.chunk AS c
     SET completed = c.completed + v_completed,
         failed = c.failed + v_failed,
         changed = c.changed + v_span - v_completed - v_failed - v_gone,
         gone = c.gone + v_gone,
         refused = c.refused + CASE WHEN p_failure_code = 'REFUSED_BY_DATABASE' THEN v_failed ELSE 0 END,
         rows_written = c.rows_written + v_written,
         rows_unchanged = c.rows_unchanged + v_completed * 10 - v_written
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;

  IF NOT EXISTS (SELECT FROM cardgenius.chunk_user AS cu WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no) THEN
    UPDATE cardgenius.chunk AS c
       SET state = 'done', closed_at = v_now, expired_leases = 0
     WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;

    UPDATE cardgenius.chunk_attempt AS a
       SET outcome = 'done', ended_at = v_now, compute_ms = p_compute_ms, load_ms = p_load_ms,
           publish_ms = EXTRACT(EPOCH FROM clock_timestamp() - v_started) * 1000
     WHERE a.run_id = p_run_id AND a.chunk_no = p_chunk_no AND a.outcome IS NULL;
  END IF;

  RETURN QUERY SELECT * FROM cardgenius.chunk_result(p_run_id, p_chunk_no);
END;
$$;
