-- Twin of queries/mssql/prd_users_left.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT COUNT(*) AS users_left
FROM public.user_spending_data AS u
WHERE u.processing_status IN ('new', 'pending');
