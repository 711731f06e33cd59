-- Purpose   Alerts for people and for the rules: those that are open, or the latest of all.
-- Answers   up to @alerts rows, the latest first
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_alert
-- Avoids    nothing: it only reads.
-- Callers   cardgenius serve, alerts list; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_alerts
  @open_only  BIT,
  @alerts     INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@alerts) a.[rule], a.subject, a.severity, a.message, a.opened_at, a.closed_at
  FROM cardgenius.alert AS a
  WHERE @open_only = 0 OR a.closed_at IS NULL
  ORDER BY a.alert_id DESC;
END;
