-- Twin of sql/mssql/raise_alert.sql. Differs in: Locks.
-- Locks     an advisory lock for the transaction (two leaders cannot both open it); the alert's row
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.raise_alert(
  p_rule            TEXT,
  p_subject         TEXT,
  p_severity        TEXT,
  p_message         TEXT,
  p_remind_seconds  INTEGER,
  p_opened_at       TIMESTAMPTZ,              -- NULL: now; else when it began while the database was away
  p_teller          TEXT,                     -- the processor that tells it
  p_now             TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (alert_id BIGINT, outcome TEXT, opened_at TIMESTAMPTZ)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now      TIMESTAMPTZ := date_trunc('milliseconds', cardgenius.clock(p_now));
  v_alert    cardgenius.alert%ROWTYPE;
  v_outcome  TEXT := 'open';
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('cardgenius.alert'));

  SELECT a.* INTO v_alert FROM cardgenius.alert AS a
  WHERE a.rule = p_rule AND a.subject = p_subject AND a.closed_at IS NULL;

  IF NOT FOUND THEN
    INSERT INTO cardgenius.alert (rule, subject, severity, message, opened_at, last_seen, teller)
    VALUES (p_rule, p_subject, p_severity, LEFT(p_message, 1000), COALESCE(p_opened_at, v_now), v_now, p_teller)
    RETURNING * INTO v_alert;
    v_outcome := 'opened';
  ELSE
    IF v_now - COALESCE(v_alert.reminded_at, v_alert.opened_at) >= p_remind_seconds * INTERVAL '1 second'
       OR COALESCE(v_alert.reminded_at, v_alert.opened_at) > v_now + INTERVAL '5 minutes'
       OR (p_severity = 'critical' AND v_alert.severity = 'warning') THEN
      v_outcome := 'reminded';
    END IF;
    UPDATE cardgenius.alert AS a
       SET last_seen = v_now, severity = p_severity, message = LEFT(p_message, 1000),
           reminded_at = CASE v_outcome WHEN 'reminded' THEN v_now ELSE a.reminded_at END,
           teller = CASE v_outcome WHEN 'reminded' THEN p_teller ELSE a.teller END
     WHERE a.alert_id = v_alert.alert_id;
  END IF;

  RETURN QUERY SELECT v_alert.alert_id, v_outcome, v_alert.opened_at;
END;
$$;
