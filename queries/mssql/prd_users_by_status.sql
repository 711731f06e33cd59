-- Purpose   How many users have which status, and when the first and the last of them were processed.
-- Answers   a row a status: processing_status, users, oldest, latest
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT u.processing_status, COUNT(*) AS users, MIN(u.last_processed_at) AS oldest, MAX(u.last_processed_at) AS latest
FROM dbo.user_spending_data AS u
GROUP BY u.processing_status
ORDER BY u.processing_status;
