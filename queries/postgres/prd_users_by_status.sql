-- Twin of queries/mssql/prd_users_by_status.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT u.processing_status, COUNT(*) AS users, MIN(u.last_processed_at) AS oldest, MAX(u.last_processed_at) AS latest
FROM public.user_spending_data AS u
GROUP BY u.processing_status
ORDER BY u.processing_status;
