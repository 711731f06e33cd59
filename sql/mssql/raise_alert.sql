-- Purpose   A rule is broken: opens its alert, or sees that it is open and says whether it is time to remind.
--           The alert names its teller until every channel has the message; if that processor dies first, a leader tells it.
--           A severity that rises is told at once. Where the last message bears a time in the future, from when the clock was
--           ahead, the alert is sent again now.
-- Answers   one row: alert_id, outcome opened | reminded | open (nothing to tell), opened_at
-- Errors    50006 another processor is raising an alert
-- Locks     an application lock for the transaction (two leaders cannot both open it); the alert's row
-- Isolation READ COMMITTED
-- Indexes   ix_alert_open
-- Avoids    two messages for one alert: the lock, and the row names its teller.
-- Callers   cardgenius serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.raise_alert
  @rule            VARCHAR(50),
  @subject         NVARCHAR(200),
  @severity        VARCHAR(10),
  @message         NVARCHAR(1000),
  @remind_seconds  INT,
  @opened_at       DATETIME2(3),              -- NULL: now; else when it began while the database was away
  @teller          VARCHAR(100),              -- the processor that tells it
  @now             DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @locked INT, @outcome VARCHAR(10) = 'open',
          @alert_id BIGINT, @told_at DATETIME2(3), @told_severity VARCHAR(10), @since DATETIME2(3);

  BEGIN TRY
    BEGIN TRANSACTION;

    EXEC @locked = sp_getapplock @Resource = 'cardgenius.alert', @LockMode = 'Exclusive',
                                 @LockOwner = 'Transaction', @LockTimeout = 10000;
    IF @locked < 0
      THROW 50006, 'another processor is raising an alert: ask again in a moment', 71;

    SELECT @alert_id = a.alert_id, @told_at = COALESCE(a.reminded_at, a.opened_at), @told_severity = a.severity,
           @since = a.opened_at
    FROM cardgenius.alert AS a
    WHERE a.[rule] = @rule AND a.subject = @subject AND a.closed_at IS NULL;

    IF @alert_id IS NULL
    BEGIN
      SET @outcome = 'opened';
      SET @since = COALESCE(@opened_at, @time);
      INSERT INTO cardgenius.alert ([rule], subject, severity, message, opened_at, last_seen, teller)
      VALUES (@rule, @subject, @severity, @message, @since, @time, @teller);
      SET @alert_id = SCOPE_IDENTITY();
    END;
    ELSE
    BEGIN
      IF DATEDIFF(SECOND, @told_at, @time) >= @remind_seconds OR @told_at > DATEADD(MINUTE, 5, @time)
         OR (@severity = 'critical' AND @told_severity = 'warning')
        SET @outcome = 'reminded';
      UPDATE cardgenius.alert
         SET last_seen = @time, severity = @severity, message = @message,
             reminded_at = CASE @outcome WHEN 'reminded' THEN @time ELSE reminded_at END,
             teller = CASE @outcome WHEN 'reminded' THEN @teller ELSE teller END
       WHERE alert_id = @alert_id;
    END;

    COMMIT TRANSACTION;
    SELECT @alert_id AS alert_id, @outcome AS outcome, @since AS opened_at;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
