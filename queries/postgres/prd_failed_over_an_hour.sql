-- Twin of queries/mssql/prd_failed_over_an_hour.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT u.user_id, u.processing_error, u.last_processed_at
FROM public.user_spending_data AS u
WHERE u.processing_status = 'failed' AND u.last_processed_at < clock_timestamp() - INTERVAL '1 hour'
ORDER BY u.last_processed_at, u.user_id;
