-- Twin of sql/mssql/failed_user.sql. Differs in: Locks.
-- Locks     none
-- Callers   list_failures; DBAs
-- Grants    SELECT for cardgenius_reader

CREATE OR REPLACE VIEW cardgenius.failed_user AS
SELECT u.user_id,
       CASE WHEN POSITION(':' IN u.processing_error) > 1
            THEN LEFT(u.processing_error, POSITION(':' IN u.processing_error) - 1) END AS code,
       u.processing_error
FROM public.user_spending_data AS u
WHERE u.processing_status = 'failed';
