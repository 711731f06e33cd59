-- Twin of queries/mssql/prd_net_wrong.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT r.user_id, r.rank, r.net_savings,
       r.total_savings_yearly + r.total_extra_benefits - r.joining_fees AS expected
FROM public.card_recommendations AS r
WHERE r.net_savings <> r.total_savings_yearly + r.total_extra_benefits - r.joining_fees
ORDER BY r.user_id, r.rank;
