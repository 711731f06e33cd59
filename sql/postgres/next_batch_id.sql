-- Twin of sql/mssql/next_batch_id.sql; differs in nothing but the dialect.
-- Callers   open_run; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR REPLACE FUNCTION cardgenius.next_batch_id(p_utc_offset INTEGER, p_now TIMESTAMPTZ)
RETURNS TEXT
LANGUAGE plpgsql AS $$
DECLARE
  v_day   TEXT := TO_CHAR(p_now AT TIME ZONE 'UTC' + make_interval(mins => p_utc_offset), 'YYYYMMDD');
  v_last  cardgenius.last_batch%ROWTYPE;
BEGIN
  UPDATE cardgenius.last_batch AS b
     SET batch_no = CASE WHEN b.batch_day < v_day THEN 1 ELSE b.batch_no + 1 END,
         batch_day = GREATEST(b.batch_day, v_day)
   WHERE b.slot = 1
  RETURNING b.* INTO v_last;
  RETURN 'BATCH_' || v_last.batch_day || '_' ||
         CASE WHEN v_last.batch_no < 1000 THEN LPAD(v_last.batch_no::TEXT, 3, '0') ELSE v_last.batch_no::TEXT END;
END;
$$;
