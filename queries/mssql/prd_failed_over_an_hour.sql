-- Purpose   Users who failed more than an hour ago. "cardgenius retry --older-than 1h" puts them back to new.
-- Answers   a row a user: user_id, processing_error, last_processed_at
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT u.user_id, u.processing_error, u.last_processed_at
FROM dbo.user_spending_data AS u
WHERE u.processing_status = 'failed' AND u.last_processed_at < DATEADD(HOUR, -1, SYSUTCDATETIME())
ORDER BY u.last_processed_at, u.user_id;
