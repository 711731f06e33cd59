-- Purpose   A rule holds again: closes its alert, and says which processor tells that it is over: the caller, or the one that has
--           the opening still to tell, so that the two arrive in order. If that one dies first, a leader tells both.
-- Answers   one row with the alert that was closed; none where none was open
-- Locks     the alert's row
-- Isolation READ COMMITTED
-- Indexes   ix_alert_open
-- Avoids    two messages: of two leaders that close it, one finds a row.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.close_alert
  @rule     VARCHAR(50),
  @subject  NVARCHAR(200),
  @teller   VARCHAR(100),
  @now      DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @alert_id BIGINT;

  SELECT @alert_id = MAX(a.alert_id)
  FROM cardgenius.alert AS a
  WHERE a.[rule] = @rule AND a.subject = @subject AND a.closed_at IS NULL;

  UPDATE cardgenius.alert
     SET closed_at = @time, teller = CASE WHEN told_at IS NULL THEN COALESCE(teller, @teller) ELSE @teller END
   WHERE alert_id = @alert_id AND closed_at IS NULL;
  IF @@ROWCOUNT = 0
    RETURN;

  SELECT a.alert_id, a.[rule], a.subject, a.severity, a.message, a.opened_at, a.closed_at, a.teller
  FROM cardgenius.alert AS a
  WHERE a.alert_id = @alert_id;
END;
