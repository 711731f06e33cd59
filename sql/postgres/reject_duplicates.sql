-- Twin of sql/mssql/reject_duplicates.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius import, seed, demo: once all rows are staged
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.reject_duplicates(p_load_no BIGINT)
RETURNS TABLE (line_no INTEGER, user_id TEXT, first_line_no INTEGER)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH numbered AS (
    SELECT s.line_no, s.user_id, MIN(s.line_no) OVER (PARTITION BY s.user_id) AS first_line_no
    FROM cardgenius.staged_spending AS s
    WHERE s.load_no = p_load_no
  ), rejected AS (
    DELETE FROM cardgenius.staged_spending AS s
    USING numbered AS n
    WHERE s.load_no = p_load_no AND s.line_no = n.line_no AND n.line_no > n.first_line_no
    RETURNING s.line_no, s.user_id, n.first_line_no
  )
  SELECT r.line_no, r.user_id::TEXT, r.first_line_no FROM rejected AS r ORDER BY r.line_no;
$$;
