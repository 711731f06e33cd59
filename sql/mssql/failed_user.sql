-- Purpose   For people: who failed, under which code, and why. The code is the word before the colon.
-- Locks     shared, row by row
-- Isolation the reader's own
-- Indexes   none needed; (processing_status, user_id) of tuning/status_index.sql makes it a seek
-- Avoids    nothing of note.
-- Callers   list_failures; DBAs
-- Grants    SELECT for cardgenius_reader

CREATE OR ALTER VIEW cardgenius.failed_user
AS
SELECT u.user_id,
       CASE WHEN CHARINDEX(':', u.processing_error) > 1
            THEN LEFT(u.processing_error, CHARINDEX(':', u.processing_error) - 1) END AS code,
       u.processing_error
FROM dbo.user_spending_data AS u
WHERE u.processing_status = 'failed';
