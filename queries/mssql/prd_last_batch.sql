-- Purpose   The last batch: its users and rows, and from when to when they were processed.
-- Answers   one row: batch_id, users, rows_written, first_at, last_at; none where no row carries a batch
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs batch_id and processed_at

SELECT r.batch_id, COUNT(DISTINCT r.user_id) AS users, COUNT(*) AS rows_written,
       MIN(r.processed_at) AS first_at, MAX(r.processed_at) AS last_at
FROM dbo.card_recommendations AS r
WHERE r.batch_id = (SELECT MAX(l.batch_id) FROM dbo.card_recommendations AS l)
GROUP BY r.batch_id;
