-- Twin of sql/mssql/find_chunk_user.sql. Differs in: Locks.
-- Locks     none
-- Callers   cardgenius errors
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.find_chunk_user(p_run_id BIGINT, p_chunk_no INTEGER, p_user_no INTEGER)
RETURNS TABLE (user_id TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT cu.user_id::TEXT
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id AND cu.chunk_no = p_chunk_no AND cu.user_no = p_user_no;
$$;
