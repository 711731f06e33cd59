-- Purpose   Recommendations whose net is not savings + extra benefits - joining fees.
-- Answers   a row a recommendation: user_id, rank, net_savings, expected
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT r.user_id, r.rank, r.net_savings,
       r.total_savings_yearly + r.total_extra_benefits - r.joining_fees AS expected
FROM dbo.card_recommendations AS r
WHERE r.net_savings <> r.total_savings_yearly + r.total_extra_benefits - r.joining_fees
ORDER BY r.user_id, r.rank;
