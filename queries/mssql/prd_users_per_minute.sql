-- Purpose   Users processed in each minute of the last hour.
-- Answers   a row a minute with any: minute (UTC), users
-- Locks     shared, row by row
-- Isolation the session's own
-- Indexes   none needed; each scans one table at most once or twice
-- Avoids    asking our own tables: it holds for rows of any writer.
-- Callers   operators, by hand
-- Grants    SELECT on the contract tables; needs last_processed_at

SELECT DATEADD(MINUTE, DATEDIFF(MINUTE, 0, u.last_processed_at), 0) AS minute, COUNT(*) AS users
FROM dbo.user_spending_data AS u
WHERE u.last_processed_at >= DATEADD(HOUR, -1, SYSUTCDATETIME())
GROUP BY DATEADD(MINUTE, DATEDIFF(MINUTE, 0, u.last_processed_at), 0)
ORDER BY minute;
