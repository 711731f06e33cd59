-- Twin of sql/mssql/retry_users.sql. Differs in: Purpose, Locks.
-- Purpose   Puts failed users back to new, so that the next run takes them: all of them, or those that match every filter
--           given. A run's failed users are those of its chunks that had any. The code OTHER is a reason without a code, as in
--           failed_user.
-- Locks     the rows that it changes
-- Callers   cardgenius retry; the dashboard of run and of serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.retry_users(
  p_run_id   BIGINT,
  p_user_id  TEXT,
  p_code     TEXT,
  p_seconds  INTEGER DEFAULT NULL             -- failed longer ago; NULL: whenever
)
RETURNS TABLE (users FLOAT8)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
AS $$
  WITH again AS (
    UPDATE public.user_spending_data AS u
       SET processing_status = 'new', processing_error = NULL
         , updated_at = clock_timestamp()     --? user_spending_data.updated_at
     WHERE u.processing_status = 'failed'
       AND (p_user_id IS NULL OR u.user_id = p_user_id)
       AND (p_code IS NULL OR LEFT(u.processing_error, LENGTH(p_code) + 1) = p_code || ':'
            OR (p_code = 'OTHER' AND COALESCE(POSITION(':' IN u.processing_error), 0) <= 1))
       AND (p_seconds IS NULL OR u.last_processed_at < clock_timestamp() - p_seconds * INTERVAL '1 second') --? user_spending_data.last_processed_at
       AND (p_seconds IS NULL OR NOT EXISTS (                                   --? !user_spending_data.last_processed_at
             SELECT FROM cardgenius.chunk AS c                                        --? !user_spending_data.last_processed_at
             WHERE c.failed > 0                                                       --? !user_spending_data.last_processed_at
               AND COALESCE(c.closed_at, clock_timestamp()) >= clock_timestamp() - p_seconds * INTERVAL '1 second'  --? !user_spending_data.last_processed_at
               AND u.user_id BETWEEN c.user_id_from AND c.user_id_to))                --? !user_spending_data.last_processed_at
       AND (p_run_id IS NULL OR EXISTS (
             SELECT FROM cardgenius.chunk AS c
             WHERE c.run_id = p_run_id AND c.failed > 0 AND u.user_id BETWEEN c.user_id_from AND c.user_id_to))
    RETURNING 1
  )
  SELECT COUNT(*)::FLOAT8 FROM again;
$$;
