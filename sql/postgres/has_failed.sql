-- Twin of sql/mssql/has_failed.sql. Differs in: Locks.
-- Locks     none
-- Callers   cardgenius serve, before it tells that an alert about failed users is over
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.has_failed(p_run_id BIGINT)
RETURNS TABLE (failed INTEGER)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT
    FROM cardgenius.chunk AS c
    JOIN public.user_spending_data AS u ON u.user_id BETWEEN c.user_id_from AND c.user_id_to
    WHERE c.run_id = p_run_id AND c.failed > 0 AND u.processing_status = 'failed')::INTEGER;
$$;
