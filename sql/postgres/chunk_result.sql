-- Twin of sql/mssql/chunk_result.sql. Differs in: Locks.
-- Locks     none
-- Callers   publish_chunk; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR REPLACE FUNCTION cardgenius.chunk_result(p_run_id BIGINT, p_chunk_no INTEGER)
RETURNS TABLE (state TEXT, users INTEGER, completed INTEGER, failed INTEGER, changed INTEGER, gone INTEGER,
               rows_written INTEGER, rows_unchanged INTEGER)
LANGUAGE sql STABLE AS $$
  SELECT c.state::TEXT, c.users, c.completed, c.failed, c.changed, c.gone, c.rows_written, c.rows_unchanged
  FROM cardgenius.chunk AS c
  WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no;
$$;
