-- Purpose   Completed users who have not exactly ten recommendations.
-- Answers   a row a user: user_id, recommendations
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT u.user_id, COUNT(r.user_id) AS recommendations
FROM dbo.user_spending_data AS u
LEFT JOIN dbo.card_recommendations AS r ON r.user_id = u.user_id
WHERE u.processing_status = 'completed'
GROUP BY u.user_id
HAVING COUNT(r.user_id) <> 10
ORDER BY u.user_id;
