-- Purpose   A processor that leads nobody is there: the first sign of life writes it down, each later one says when it was seen.
--           Where it has left (resign), a sign of life brings it back. An instance of serve says the same with each bid (lead).
-- Locks     the processor's row
-- Isolation READ COMMITTED
-- Indexes   pk_processor
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
LANGUAGE plpgsql AS $$
DECLARE
  v_now  TIMESTAMPTZ := date_trunc('milliseconds', COALESCE(p_now, clock_timestamp()));
BEGIN
  INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
  VALUES (p_processor, p_host, p_pid, p_version, v_now, v_now)
  ON CONFLICT (processor_id) DO UPDATE SET last_seen = v_now, stopped_at = NULL;
END;
$$;
