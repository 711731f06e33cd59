-- Purpose   Users that a run has still to process.
-- Answers   one row: users_left
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables

SELECT COUNT(*) AS users_left
FROM dbo.user_spending_data AS u
WHERE u.processing_status IN ('new', 'pending');
