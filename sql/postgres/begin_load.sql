-- Twin of sql/mssql/begin_load.sql. Differs in: Purpose.
-- Purpose   A new load number: the rows staged under it are the only ones that publish will read.
--           An earlier load of the chunk, half sent or half open, is dead from here on, and swept.
-- Callers   the chunk pipeline, before each load
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.begin_load(p_run_id BIGINT, p_chunk_no INTEGER, p_token UUID)
RETURNS TABLE (load_no BIGINT)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE cardgenius.chunk AS c
     SET load_no = nextval('cardgenius.load_no')
   WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased'
  RETURNING c.load_no;
$$;
