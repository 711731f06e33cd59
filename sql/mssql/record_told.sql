-- Purpose   Every channel has taken the message about an alert, or refused it for good: it is not sent again.
--           Where the alert closed while its opening was being sent, the teller stays: it still has to send the closing.
-- Answers   one row, that alert, where its closing is still to be told; else none
-- Locks     the alert's row
-- Isolation READ COMMITTED
-- Indexes   pk_alert
-- Avoids    a lock while receivers are asked: it is called once they have answered.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.record_told
  @alert_id  BIGINT,
  @is_over   BIT,                             -- 1: told that it is over
  @now       DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  UPDATE cardgenius.alert
     SET told_at = COALESCE(told_at, @time),
         teller = CASE WHEN @is_over = 1 OR closed_at IS NULL THEN NULL ELSE teller END
   WHERE alert_id = @alert_id;

  SELECT a.alert_id, a.[rule], a.subject, a.severity, a.message, a.opened_at, a.closed_at, a.teller
  FROM cardgenius.alert AS a
  WHERE a.alert_id = @alert_id AND a.closed_at IS NOT NULL AND a.teller IS NOT NULL;
END;
