-- Purpose   Recommendations with a NULL in a column that is never empty.
-- Answers   a row a recommendation: user_id, rank
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT r.user_id, r.rank
FROM dbo.card_recommendations AS r
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
