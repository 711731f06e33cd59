-- Twin of sql/mssql/compare_plans.sql. Differs in: Locks.
-- Locks     none
-- Callers   the chunk pipeline, once a run and processor; never with minEligibleShare 0
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.compare_plans(p_run_id BIGINT)
RETURNS TABLE (planned FLOAT8, before FLOAT8)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_before_id  BIGINT;
BEGIN
  SELECT MAX(b.run_id) INTO v_before_id
  FROM cardgenius.run AS r
  JOIN cardgenius.run AS b
    ON b.run_id < r.run_id AND b.kind = r.kind AND b.user_limit IS NULL AND b.state = 'done'
   AND (b.requested_by = r.requested_by
        OR (b.requested_by NOT LIKE 'schedule %' AND r.requested_by NOT LIKE 'schedule %'))
  WHERE r.run_id = p_run_id AND r.kind = 'batch' AND r.user_limit IS NULL
    AND EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.run_id = b.run_id);
  IF v_before_id IS NULL THEN
    RETURN;
  END IF;

  RETURN QUERY
  SELECT COALESCE(SUM(c.planned_users) FILTER (WHERE c.run_id = p_run_id), 0)::FLOAT8,
         COALESCE(SUM(c.planned_users) FILTER (WHERE c.run_id = v_before_id), 0)::FLOAT8
  FROM cardgenius.chunk AS c
  WHERE c.run_id IN (p_run_id, v_before_id) AND c.round = 1 AND c.parent_no IS NULL;
END;
$$;
