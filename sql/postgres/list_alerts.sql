-- Twin of sql/mssql/list_alerts.sql. Differs in: Answers, Locks.
-- Answers   up to p_alerts rows, the latest first
-- Locks     none
-- Callers   cardgenius serve, alerts list; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_alerts(p_open_only BOOLEAN, p_alerts INTEGER)
RETURNS TABLE (rule TEXT, subject TEXT, severity TEXT, message TEXT, opened_at TIMESTAMPTZ, closed_at TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT a.rule::TEXT, a.subject::TEXT, a.severity::TEXT, a.message::TEXT, a.opened_at, a.closed_at
  FROM cardgenius.alert AS a
  WHERE NOT p_open_only OR a.closed_at IS NULL
  ORDER BY a.alert_id DESC
  LIMIT p_alerts;
$$;
