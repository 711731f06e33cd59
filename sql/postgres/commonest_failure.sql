-- Twin of sql/mssql/commonest_failure.sql. Differs in: Locks.
-- Locks     none
-- Callers   cardgenius serve, before it tells an alert about failed users, and its page of a run
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.commonest_failure(p_run_id BIGINT)
RETURNS TABLE (code TEXT, users INTEGER, seen INTEGER, example TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT f.code::TEXT, COUNT(*)::INTEGER, (SUM(COUNT(*)) OVER ())::INTEGER, MIN(f.processing_error)::TEXT
  FROM (
    SELECT DISTINCT u.user_id, u.code, u.processing_error
    FROM cardgenius.chunk AS c
    JOIN cardgenius.failed_user AS u ON u.user_id BETWEEN c.user_id_from AND c.user_id_to
    WHERE c.run_id = p_run_id AND c.failed > 0
    LIMIT 1000
  ) AS f
  GROUP BY f.code
  ORDER BY COUNT(*) DESC, f.code
  LIMIT 1;
$$;
