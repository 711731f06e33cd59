-- Twin of sql/mssql/keep_catalog.sql. Differs in: Isolation.
-- Isolation READ COMMITTED
-- Callers   cardgenius run, demo, serve: each processor as it takes part in a run
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.keep_catalog(
  p_run_id  BIGINT,
  p_sha256  TEXT,
  p_hex     TEXT,                             -- the bytes, two hexadecimal digits each
  p_now     TIMESTAMPTZ DEFAULT NULL
)
RETURNS VOID
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO cardgenius.kept_catalog (sha256, kept_at, bytes)
  VALUES (p_sha256, cardgenius.clock(p_now), decode(p_hex, 'hex'))
  ON CONFLICT (sha256) DO NOTHING;

  INSERT INTO cardgenius.run_catalog (run_id, sha256)
  VALUES (p_run_id, p_sha256)
  ON CONFLICT (run_id) DO NOTHING;
$$;
