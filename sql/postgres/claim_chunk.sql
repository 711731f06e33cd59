-- Twin of sql/mssql/claim_chunk.sql. Differs in: Purpose, Errors, Locks, Isolation, Indexes.
-- Purpose   Gives a processor one chunk under a lease: an open one that is due, or one whose lease has run out.
--           The first claim writes the chunk's set: the range's users that are pending, then new, at most as many as
--           were planned; these become pending (a dry run changes no user). A later claim keeps the set and reads the spends afresh.
--           No lease is longer than an hour (leaseSeconds), no pause than five minutes: one that ends later was given while the
--           clock was ahead, and is over.
--           Asked again with the same token it gives the same answer, so a lost answer costs nothing.
--           A chunk whose lease ran out five times in a row probably kills its process: it is halved, and a user who
--           stands alone becomes failed (ENGINE_CRASHED).
-- Errors    CG002 the run belongs to another fingerprint · CG005 no such run
-- Locks     one row of chunk (SKIP LOCKED: claimers never wait for each other), then the set's user_spending_data rows
-- Isolation READ COMMITTED
-- Indexes   ix_chunk_claim, the key of user_spending_data, pk_chunk_user
-- Callers   the chunk pipeline
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.claim_chunk(
  p_run_id         BIGINT,
  p_processor      TEXT,
  p_token          UUID,
  p_fingerprint    TEXT,
  p_lease_seconds  INTEGER,
  p_now            TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (outcome TEXT, run_state TEXT, chunk_no INTEGER, users INTEGER, attempt INTEGER, wait_ms INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- The set is read by key range and written by key, whatever the statistics say (chunk_user is not analysed in time).
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
AS $$
#variable_conflict use_column
DECLARE
  v_now    TIMESTAMPTZ := cardgenius.clock(p_now);
  v_run    cardgenius.run%ROWTYPE;
  v_chunk  cardgenius.chunk%ROWTYPE;
  v_users  INTEGER;
  v_due    TIMESTAMPTZ;
  v_latest TIMESTAMPTZ := v_now + INTERVAL '1 hour';
BEGIN
  SELECT r.* INTO v_run FROM cardgenius.run AS r WHERE r.run_id = p_run_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no run %', p_run_id USING ERRCODE = 'CG005';
  END IF;
  IF v_run.fingerprint <> p_fingerprint THEN
    RAISE EXCEPTION 'run % belongs to an engine of another fingerprint: it has %, this one has %',
      p_run_id, v_run.fingerprint, p_fingerprint USING ERRCODE = 'CG002';
  END IF;

  -- The same question again: the same answer.
  SELECT c.* INTO v_chunk FROM cardgenius.chunk AS c
  WHERE c.run_id = p_run_id AND c.state = 'leased' AND c.lease_token = p_token;
  IF FOUND THEN
    RETURN QUERY SELECT 'claimed', v_run.state::TEXT, v_chunk.chunk_no, v_chunk.users, v_chunk.claims, NULL::INTEGER;
    RETURN;
  END IF;

  IF v_run.state <> 'running' THEN
    RETURN QUERY SELECT 'closed', v_run.state::TEXT, NULL::INTEGER, NULL::INTEGER, NULL::INTEGER, NULL::INTEGER;
    RETURN;
  END IF;

  LOOP
    SELECT c.* INTO v_chunk FROM cardgenius.chunk AS c
    WHERE c.run_id = p_run_id
      AND ((c.state = 'open' AND (c.not_before <= v_now OR c.not_before > v_now + INTERVAL '5 minutes'))
        OR (c.state = 'leased' AND (c.lease_until < v_now OR c.lease_until > v_latest)))
    ORDER BY c.chunk_no
    LIMIT 1
    FOR UPDATE SKIP LOCKED;

    IF NOT FOUND THEN
      SELECT MIN(CASE c.state WHEN 'open' THEN c.not_before ELSE c.lease_until END) INTO v_due
      FROM cardgenius.chunk AS c
      WHERE c.run_id = p_run_id AND c.state IN ('open', 'leased');
      RETURN QUERY SELECT 'wait', v_run.state::TEXT, NULL::INTEGER, NULL::INTEGER, NULL::INTEGER,
        CASE WHEN v_due IS NULL OR v_due > v_latest THEN 0
             ELSE GREATEST(0, CEIL(EXTRACT(EPOCH FROM v_due - v_now) * 1000))::INTEGER END;
      RETURN;
    END IF;

    EXIT WHEN v_chunk.state = 'open';

    -- The lease ran out: the attempt ends here, and the count tells whether the chunk may be what kills.
    v_chunk.expired_leases := v_chunk.expired_leases + 1;
    UPDATE cardgenius.chunk_attempt AS a
       SET outcome = 'expired', ended_at = v_now
     WHERE a.run_id = p_run_id AND a.chunk_no = v_chunk.chunk_no AND a.outcome IS NULL;
    EXIT WHEN v_chunk.expired_leases < 5;
    PERFORM cardgenius.split_chunk(p_run_id, v_chunk.chunk_no, v_now);
  END LOOP;

  IF v_chunk.users IS NULL THEN
    INSERT INTO cardgenius.chunk_user
      (run_id, chunk_no, user_no, user_id, avg_amazon_gmv, avg_flipkart_gmv, avg_myntra_gmv, avg_ajio_gmv,
       avg_grocery_gmv, avg_confirmed_gmv)
    SELECT p_run_id, v_chunk.chunk_no, ROW_NUMBER() OVER (ORDER BY due.user_id), due.user_id, due.avg_amazon_gmv,
           due.avg_flipkart_gmv, due.avg_myntra_gmv, due.avg_ajio_gmv, due.avg_grocery_gmv, due.avg_confirmed_gmv
    FROM (
      SELECT u.*
      FROM public.user_spending_data AS u
      WHERE u.user_id BETWEEN v_chunk.user_id_from AND v_chunk.user_id_to
        AND u.processing_status IN ('pending', 'new')
      ORDER BY CASE u.processing_status WHEN 'pending' THEN 0 ELSE 1 END, u.user_id
      LIMIT v_chunk.planned_users
    ) AS due;
    GET DIAGNOSTICS v_users = ROW_COUNT;

    UPDATE public.user_spending_data AS u
       SET processing_status = 'pending', processing_error = NULL
         , updated_at = v_now                 --? user_spending_data.updated_at
      FROM cardgenius.chunk_user AS cu
     WHERE cu.run_id = p_run_id AND cu.chunk_no = v_chunk.chunk_no AND v_run.kind = 'batch'
       AND u.user_id = cu.user_id AND (u.processing_status = 'new') IS TRUE;   -- as in publish_chunk
  ELSE
    v_users := v_chunk.users;
    UPDATE cardgenius.chunk_user AS cu
       SET avg_amazon_gmv = u.avg_amazon_gmv, avg_flipkart_gmv = u.avg_flipkart_gmv,
           avg_myntra_gmv = u.avg_myntra_gmv, avg_ajio_gmv = u.avg_ajio_gmv,
           avg_grocery_gmv = u.avg_grocery_gmv, avg_confirmed_gmv = u.avg_confirmed_gmv
      FROM public.user_spending_data AS u
     WHERE cu.run_id = p_run_id AND cu.chunk_no = v_chunk.chunk_no AND u.user_id = cu.user_id;
  END IF;

  UPDATE cardgenius.chunk AS c
     SET state = 'leased', claims = c.claims + 1, expired_leases = v_chunk.expired_leases, users = v_users,
         lease_token = p_token, lease_owner = p_processor, load_no = NULL,
         lease_until = v_now + make_interval(secs => p_lease_seconds)
   WHERE c.run_id = p_run_id AND c.chunk_no = v_chunk.chunk_no;

  INSERT INTO cardgenius.chunk_attempt (run_id, chunk_no, attempt, lease_token, lease_owner, started_at)
  VALUES (p_run_id, v_chunk.chunk_no, v_chunk.claims + 1, p_token, p_processor, v_now);

  RETURN QUERY SELECT 'claimed', v_run.state::TEXT, v_chunk.chunk_no, v_users, v_chunk.claims + 1, NULL::INTEGER;
END;
$$;
