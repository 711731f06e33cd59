-- Twin of queries/mssql/prd_not_ten.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT u.user_id, COUNT(r.user_id) AS recommendations
FROM public.user_spending_data AS u
LEFT JOIN public.card_recommendations AS r ON r.user_id = u.user_id
WHERE u.processing_status = 'completed'
GROUP BY u.user_id
HAVING COUNT(r.user_id) <> 10
ORDER BY u.user_id;
