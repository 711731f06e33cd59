-- Twin of sql/mssql/end_import.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.end_import(
  p_load_no     BIGINT,
  p_duplicates  BIGINT,
  p_origin      TEXT DEFAULT NULL,            -- as in act; NULL: by hand, in SQL
  p_person      TEXT DEFAULT NULL,
  p_now         TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (load_no BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_import  cardgenius.import%ROWTYPE;
BEGIN
  UPDATE cardgenius.import AS i
     SET finished_at = cardgenius.clock(p_now), duplicates = p_duplicates
   WHERE i.load_no = p_load_no AND i.finished_at IS NULL
  RETURNING i.* INTO v_import;
  IF FOUND THEN
    PERFORM cardgenius.record_act('import', NULL, v_import.source::TEXT, COALESCE(v_import.imported, 0), p_origin, p_person,
                                  NULL, p_now);
  END IF;
  RETURN QUERY SELECT p_load_no;
END;
$$;
