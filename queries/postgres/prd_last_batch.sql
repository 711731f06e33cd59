-- Twin of queries/mssql/prd_last_batch.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs batch_id and processed_at

SELECT r.batch_id, COUNT(DISTINCT r.user_id) AS users, COUNT(*) AS rows_written,
       MIN(r.processed_at) AS first_at, MAX(r.processed_at) AS last_at
FROM public.card_recommendations AS r
WHERE r.batch_id = (SELECT MAX(l.batch_id) FROM public.card_recommendations AS l)
GROUP BY r.batch_id;
