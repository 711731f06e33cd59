-- Twin of sql/mssql/close_alert.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.close_alert(p_rule TEXT, p_subject TEXT, p_teller TEXT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (alert_id BIGINT, rule TEXT, subject TEXT, severity TEXT, message TEXT, opened_at TIMESTAMPTZ,
               closed_at TIMESTAMPTZ, teller TEXT)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE cardgenius.alert AS a
     SET closed_at = date_trunc('milliseconds', cardgenius.clock(p_now)),
         teller = CASE WHEN a.told_at IS NULL THEN COALESCE(a.teller, p_teller) ELSE p_teller END
   WHERE a.rule = p_rule AND a.subject = p_subject AND a.closed_at IS NULL
  RETURNING a.alert_id, a.rule::TEXT, a.subject::TEXT, a.severity::TEXT, a.message::TEXT, a.opened_at, a.closed_at,
            a.teller::TEXT;
$$;
