-- Twin of sql/mssql/begin_import.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.begin_import(p_source TEXT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (load_no BIGINT)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO cardgenius.import (load_no, source, started_at)
  VALUES (nextval('cardgenius.load_no'), LEFT(p_source, 400), cardgenius.clock(p_now))
  RETURNING load_no;
$$;
