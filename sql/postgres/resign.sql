-- Twin of sql/mssql/resign.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve, run and demo, when they stop
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.resign(p_processor TEXT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_now  TIMESTAMPTZ := cardgenius.clock(p_now);
BEGIN
  UPDATE cardgenius.processor SET last_seen = v_now, stopped_at = v_now WHERE processor_id = p_processor;
  DELETE FROM cardgenius.leader WHERE slot = 1 AND owner = p_processor;
END;
$$;
