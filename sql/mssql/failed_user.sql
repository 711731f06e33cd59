-- Purpose   For people: the users who failed, under which code, and why. The code is the word before the colon.
-- Locks     shared, row by row
-- Isolation the reader's own
-- Indexes   none needed; (processing_status, user_id) of tuning/status_index.sql makes it a seek
-- Avoids    nothing of note.
-- Callers   list_failures; DBAs
-- Grants    SELECT for cardgenius_reader

CREATE OR ALTER VIEW cardgenius.failed_user
AS
SELECT u.user_id,
       CASE WHEN CHARINDEX(':', e.processing_error) > 1
            THEN LEFT(e.processing_error, CHARINDEX(':', e.processing_error) - 1) END AS code,
       e.processing_error
FROM dbo.user_spending_data AS u
CROSS APPLY (SELECT CAST(u.processing_error AS VARCHAR(4000)) AS processing_error) AS e   -- LEFT takes no TEXT
WHERE u.processing_status = 'failed';
