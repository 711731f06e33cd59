-- Twin of sql/mssql/sum_outcomes.sql. Differs in: no READPAST, because a reader waits for no writer here.
-- Purpose   What the gate of failed users asks: completed and failed users of a run so far, and whether an operator lets it pass.
-- Locks     none
-- Callers   the chunk pipeline, for a chunk with a failed user; the gates, before they shut
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.sum_outcomes(p_run_id BIGINT)
RETURNS TABLE (completed FLOAT8, failed FLOAT8, gate_accepted BOOLEAN, kind TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COALESCE(SUM(c.completed), 0)::FLOAT8, COALESCE(SUM(c.failed), 0)::FLOAT8, r.gate_accepted, r.kind::TEXT
  FROM cardgenius.run AS r
  LEFT JOIN cardgenius.chunk AS c ON c.run_id = r.run_id
  WHERE r.run_id = p_run_id
  GROUP BY r.run_id, r.gate_accepted, r.kind;
$$;
