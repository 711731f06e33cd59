-- Twin of sql/mssql/take_over_alerts.sql. Differs in: Locks.
-- Locks     the advisory lock of raise_alert, for the transaction; the alerts' rows
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.take_over_alerts(p_processor TEXT, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (alert_id BIGINT, rule TEXT, subject TEXT, severity TEXT, message TEXT, opened_at TIMESTAMPTZ,
               closed_at TIMESTAMPTZ, told_at TIMESTAMPTZ)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now  TIMESTAMPTZ := cardgenius.clock(p_now);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('cardgenius.alert'));

  RETURN QUERY
  WITH left_over AS (
    SELECT a.alert_id
    FROM cardgenius.alert AS a
    WHERE a.teller <> p_processor
      AND NOT EXISTS (SELECT FROM cardgenius.processor AS p
                      WHERE p.processor_id = a.teller
                        AND p.last_seen BETWEEN v_now - INTERVAL '120 seconds' AND v_now + INTERVAL '5 minutes')
    ORDER BY a.alert_id
    LIMIT 100
  ), taken AS (
    UPDATE cardgenius.alert AS a
       SET teller = p_processor
      FROM left_over AS l
     WHERE a.alert_id = l.alert_id
    RETURNING a.*
  )
  SELECT a.alert_id, a.rule::TEXT, a.subject::TEXT, a.severity::TEXT, a.message::TEXT, a.opened_at, a.closed_at, a.told_at
  FROM taken AS a
  ORDER BY a.alert_id;
END;
$$;
