-- Twin of sql/mssql/count_users.sql. Differs in: Locks, Isolation, Indexes.
-- Locks     none
-- Isolation READ COMMITTED
-- Indexes   none needed: one scan of user_spending_data
-- Callers   cardgenius status, demo, doctor
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.count_users()
RETURNS TABLE (new FLOAT8, pending FLOAT8, completed FLOAT8, failed FLOAT8, other FLOAT8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COUNT(*) FILTER (WHERE u.processing_status = 'new'),
         COUNT(*) FILTER (WHERE u.processing_status = 'pending'),
         COUNT(*) FILTER (WHERE u.processing_status = 'completed'),
         COUNT(*) FILTER (WHERE u.processing_status = 'failed'),
         COUNT(*) FILTER (WHERE u.processing_status IS NULL
                             OR u.processing_status NOT IN ('new', 'pending', 'completed', 'failed'))
  FROM public.user_spending_data AS u;
$$;
