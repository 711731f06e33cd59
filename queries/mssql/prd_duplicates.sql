-- Purpose   A rank or a card that a user has more than once.
-- Answers   a row a pair: user_id, what (rank or card), times
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT d.user_id, d.what, d.times
FROM (
  SELECT r.user_id, CAST(CONCAT('rank ', r.rank) AS VARCHAR(210)) AS what, COUNT(*) AS times
  FROM dbo.card_recommendations AS r
  GROUP BY r.user_id, r.rank
  UNION ALL
  SELECT r.user_id, CAST(CONCAT('card ', r.card_name) AS VARCHAR(210)), COUNT(*)
  FROM dbo.card_recommendations AS r
  GROUP BY r.user_id, r.card_name
) AS d
WHERE d.times > 1
ORDER BY d.user_id, d.what;
