-- Twin of sql/mssql/change_run_state.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius pause, resume, cancel; the batch when it stops or must not go on; cardgenius serve, which goes on
--           with a run that was stopped
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.change_run_state(
  p_run_id BIGINT,                            -- NULL: whichever run is active
  p_state  TEXT,
  p_reason TEXT,
  p_accept_gate BOOLEAN DEFAULT FALSE,        -- from here on the run publishes past its gates
  p_origin TEXT DEFAULT NULL,                 -- as in act; NULL: by hand, in SQL
  p_person TEXT DEFAULT NULL,
  p_now    TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (run_id BIGINT, state TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now  TIMESTAMPTZ := cardgenius.clock(p_now);
  v_run  cardgenius.run%ROWTYPE;
  v_act  TEXT;
BEGIN
  SELECT r.* INTO v_run FROM cardgenius.run AS r
  WHERE r.active_key = 0 AND r.run_id = COALESCE(p_run_id, r.run_id)
  FOR NO KEY UPDATE;                          -- a publish looks at run for a foreign key, with its chunk locked
  IF NOT FOUND THEN
    RETURN;
  END IF;

  IF p_state IN ('cancelled', 'failed') THEN
    PERFORM cardgenius.close_run(v_run.run_id, p_state, 'cancelled', p_reason, v_now);
  ELSIF p_state = 'paused' AND v_run.state = 'paused' THEN
    NULL;                                     -- it keeps its reason
  ELSIF p_state = 'stopped' AND (v_run.state <> 'running' OR EXISTS (
      SELECT FROM cardgenius.chunk AS c
      WHERE c.run_id = v_run.run_id AND c.state = 'leased'
        AND c.lease_until BETWEEN v_now AND v_now + INTERVAL '1 hour')) THEN
    NULL;                                     -- others go on with it, or it is paused anyway
  ELSE
    UPDATE cardgenius.run AS r
       SET state = p_state, reason = CASE p_state WHEN 'running' THEN NULL ELSE LEFT(p_reason, 400) END,
           gate_accepted = r.gate_accepted OR p_accept_gate
     WHERE r.run_id = v_run.run_id;
  END IF;

  v_act := CASE WHEN p_state = 'running' AND p_accept_gate THEN 'accept_gate' WHEN p_state = 'running' THEN 'resume'
                WHEN p_state = 'paused' THEN 'pause' WHEN p_state = 'cancelled' THEN 'cancel'
                WHEN p_state = 'failed' THEN 'fail' END;
  -- What a processor does by itself is no act, but for a pause: a gate held the run.
  IF v_act IS NOT NULL AND (COALESCE(p_origin, 'sql') <> 'processor' OR (v_act = 'pause' AND v_run.state <> 'paused')) THEN
    PERFORM cardgenius.record_act(v_act, v_run.run_id, NULL, NULL, p_origin, p_person, p_reason, v_now);
  END IF;

  RETURN QUERY SELECT r.run_id, r.state::TEXT FROM cardgenius.run AS r WHERE r.run_id = v_run.run_id;
END;
$$;
