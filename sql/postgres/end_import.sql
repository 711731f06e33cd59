-- Twin of sql/mssql/end_import.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.end_import(p_load_no BIGINT, p_duplicates BIGINT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (load_no BIGINT)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE cardgenius.import AS i
     SET finished_at = cardgenius.clock(p_now), duplicates = p_duplicates
   WHERE i.load_no = p_load_no
  RETURNING i.load_no;
$$;
