-- Purpose   Keeps the bytes of the catalogue by which a run computes, once per SHA-256. Repeated, it changes nothing.
-- Errors    a run that is not there (foreign key)
-- Locks     the new rows of kept_catalog and run_catalog
-- Isolation READ COMMITTED
-- Indexes   pk_kept_catalog, pk_run_catalog
-- Callers   cardgenius run, demo, serve: each processor as it takes part in a run
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.keep_catalog(
  p_run_id  BIGINT,
  p_sha256  TEXT,
  p_hex     TEXT,                             -- the bytes, two hexadecimal digits each
  p_now     TIMESTAMPTZ DEFAULT NULL
)
RETURNS VOID
LANGUAGE sql AS $$
  INSERT INTO cardgenius.kept_catalog (sha256, kept_at, bytes)
  VALUES (p_sha256, COALESCE(p_now, clock_timestamp()), decode(p_hex, 'hex'))
  ON CONFLICT (sha256) DO NOTHING;

  INSERT INTO cardgenius.run_catalog (run_id, sha256)
  VALUES (p_run_id, p_sha256)
  ON CONFLICT (run_id) DO NOTHING;
$$;
