-- Twin of queries/mssql/prd_duplicates.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT d.user_id, d.what, d.times
FROM (
  SELECT r.user_id, CAST(CONCAT('rank ', r.rank) AS VARCHAR(210)) AS what, COUNT(*) AS times
  FROM public.card_recommendations AS r
  GROUP BY r.user_id, r.rank
  UNION ALL
  SELECT r.user_id, CAST(CONCAT('card ', r.card_name) AS VARCHAR(210)), COUNT(*)
  FROM public.card_recommendations AS r
  GROUP BY r.user_id, r.card_name
) AS d
WHERE d.times > 1
ORDER BY d.user_id, d.what;
