-- Twin of sql/mssql/see_processor.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius run and demo, every 15 s
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.see_processor(
  p_processor  TEXT,
  p_host       TEXT,
  p_pid        INTEGER,
  p_version    TEXT,
  p_now        TIMESTAMPTZ DEFAULT NULL
)
RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_now  TIMESTAMPTZ := date_trunc('milliseconds', cardgenius.clock(p_now));
BEGIN
  INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
  VALUES (p_processor, p_host, p_pid, p_version, v_now, v_now)
  ON CONFLICT (processor_id) DO UPDATE SET last_seen = v_now, stopped_at = NULL, version = p_version;
END;
$$;
