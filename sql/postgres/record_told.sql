-- Twin of sql/mssql/record_told.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.record_told(p_alert_id BIGINT, p_is_over BOOLEAN, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (alert_id BIGINT, rule TEXT, subject TEXT, severity TEXT, message TEXT, opened_at TIMESTAMPTZ,
               closed_at TIMESTAMPTZ, teller TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  UPDATE cardgenius.alert AS a
     SET told_at = COALESCE(a.told_at, date_trunc('milliseconds', cardgenius.clock(p_now))),
         teller = CASE WHEN p_is_over OR a.closed_at IS NULL THEN NULL ELSE a.teller END
   WHERE a.alert_id = p_alert_id;

  RETURN QUERY
  SELECT a.alert_id, a.rule::TEXT, a.subject::TEXT, a.severity::TEXT, a.message::TEXT, a.opened_at, a.closed_at, a.teller::TEXT
  FROM cardgenius.alert AS a
  WHERE a.alert_id = p_alert_id AND a.closed_at IS NOT NULL AND a.teller IS NOT NULL;
END;
$$;
