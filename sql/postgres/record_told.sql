-- Twin of sql/mssql/record_told.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.record_told(p_alert_id BIGINT, p_is_over BOOLEAN, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS VOID
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE cardgenius.alert AS a
     SET told_at = COALESCE(a.told_at, date_trunc('milliseconds', cardgenius.clock(p_now))),
         teller = CASE WHEN p_is_over OR a.closed_at IS NULL THEN NULL ELSE a.teller END
   WHERE a.alert_id = p_alert_id;
$$;
