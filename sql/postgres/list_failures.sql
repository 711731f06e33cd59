-- Twin of sql/mssql/list_failures.sql. Differs in: Answers, Locks.
-- Answers   user_id, code (NULL where the text has none), processing_error; at most p_users rows
-- Locks     none
-- Callers   cardgenius errors; the dashboard
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.list_failures(p_after_user_id TEXT, p_users INTEGER)
RETURNS TABLE (user_id TEXT, code TEXT, processing_error TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- One plan serves all pages: by key from the page's first user, whatever the statistics say.
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
  SELECT f.user_id::TEXT, f.code::TEXT, f.processing_error::TEXT
  FROM cardgenius.failed_user AS f
  WHERE f.user_id > COALESCE(p_after_user_id, '')
  ORDER BY f.user_id
  LIMIT p_users;
$$;
