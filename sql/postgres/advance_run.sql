-- Twin of sql/mssql/advance_run.sql. Differs in: Errors.
-- Errors    CG005 no such run
-- Callers   the batch, whenever there is nothing to claim
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.advance_run(p_run_id BIGINT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (outcome TEXT, state TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now  TIMESTAMPTZ := cardgenius.clock(p_now);
  v_run  cardgenius.run%ROWTYPE;
BEGIN
  SELECT r.* INTO v_run FROM cardgenius.run AS r WHERE r.run_id = p_run_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no run %', p_run_id USING ERRCODE = 'CG005';
  END IF;

  IF v_run.state <> 'running' THEN
    RETURN QUERY SELECT 'closed', v_run.state::TEXT;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.run_id = p_run_id AND c.state IN ('open', 'leased')) THEN
    RETURN QUERY SELECT 'wait', v_run.state::TEXT;
    RETURN;
  END IF;

  IF v_run.round < v_run.max_rounds AND cardgenius.plan_round(p_run_id, v_run.round + 1, v_now) > 0 THEN
    UPDATE cardgenius.run AS r SET round = r.round + 1 WHERE r.run_id = p_run_id;
    RETURN QUERY SELECT 'planned', v_run.state::TEXT;
    RETURN;
  END IF;

  UPDATE cardgenius.run AS r
     SET state = 'done', active_key = r.run_id, finished_at = v_now
   WHERE r.run_id = p_run_id;
  RETURN QUERY SELECT 'closed', 'done';
END;
$$;
