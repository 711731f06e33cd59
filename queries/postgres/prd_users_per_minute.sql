-- Twin of queries/mssql/prd_users_per_minute.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT date_trunc('minute', u.last_processed_at) AS minute, COUNT(*) AS users
FROM public.user_spending_data AS u
WHERE u.last_processed_at >= clock_timestamp() - INTERVAL '1 hour'
GROUP BY date_trunc('minute', u.last_processed_at)
ORDER BY minute;
