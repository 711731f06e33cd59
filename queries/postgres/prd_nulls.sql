-- Twin of queries/mssql/prd_nulls.sql; differs in nothing but the dialect.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT r.user_id, r.rank
FROM public.card_recommendations AS r
WHERE r.card_name IS NULL
   OR r.total_savings_yearly IS NULL
   OR r.joining_fees IS NULL
   OR r.total_extra_benefits IS NULL
   OR r.net_savings IS NULL
   OR r.amazon_points IS NULL
   OR r.flipkart_points IS NULL
   OR r.myntra_points IS NULL
   OR r.ajio_points IS NULL
   OR r.grocery_points IS NULL
   OR r.other_online_points IS NULL
   OR r.redemption_method IS NULL
   OR r.redemption_rate IS NULL
ORDER BY r.user_id, r.rank;
