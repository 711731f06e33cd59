-- Purpose   A number for an import of spends: its rows are staged under it.
-- Answers   one row (load_no)
-- Locks     one new row of import
-- Isolation READ COMMITTED
-- Indexes   pk_import
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.begin_import(p_source TEXT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (load_no BIGINT)
LANGUAGE sql AS $$
  INSERT INTO cardgenius.import (load_no, source, started_at)
  VALUES (nextval('cardgenius.load_no'), LEFT(p_source, 400), COALESCE(p_now, clock_timestamp()))
  RETURNING load_no;
$$;
