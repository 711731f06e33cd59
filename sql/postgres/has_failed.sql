-- Purpose   Whether users of a run are still failed: an alert about them is over when none is. Its users are those in the key
--           ranges of its chunks that had any.
-- Answers   one row: failed (1 or 0)
-- Locks     none
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, the key of user_spending_data
-- Callers   cardgenius serve, before it tells that an alert about failed users is over
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.has_failed(p_run_id BIGINT)
RETURNS TABLE (failed INTEGER)
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT
    FROM cardgenius.chunk AS c
    JOIN public.user_spending_data AS u ON u.user_id BETWEEN c.user_id_from AND c.user_id_to
    WHERE c.run_id = p_run_id AND c.failed > 0 AND u.processing_status = 'failed')::INTEGER;
$$;
