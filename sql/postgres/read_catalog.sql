-- Twin of sql/mssql/read_catalog.sql. Differs in: Locks.
-- Locks     none
-- Callers   cardgenius catalog export
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.read_catalog(p_run_id BIGINT)
RETURNS TABLE (sha256 TEXT, bytes BYTEA)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT k.sha256::TEXT, k.bytes
  FROM cardgenius.run_catalog AS c
  JOIN cardgenius.kept_catalog AS k ON k.sha256 = c.sha256
  WHERE c.run_id = p_run_id;
$$;
