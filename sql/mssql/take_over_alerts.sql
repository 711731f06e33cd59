-- Purpose   Alerts whose teller has given no sign of life for two minutes before its message was out: the caller becomes their
--           teller. A processor that ends by itself still sends what it can in its last seconds, within the two minutes.
-- Answers   up to 100 rows, the oldest first: the alert, and told_at (NULL: not told yet that it is open)
-- Errors    50006 another processor is raising an alert
-- Locks     the application lock of raise_alert, for the transaction; the alerts' rows
-- Isolation READ COMMITTED
-- Indexes   pk_processor; alert is read through: prune keeps it small
-- Avoids    two processors that take one alert over: the lock, and the row names its teller from then on.
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.take_over_alerts
  @processor  VARCHAR(100),
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @locked INT;
  DECLARE @taken TABLE (alert_id BIGINT NOT NULL PRIMARY KEY);

  BEGIN TRY
    BEGIN TRANSACTION;

    EXEC @locked = sp_getapplock @Resource = 'cardgenius.alert', @LockMode = 'Exclusive',
                                 @LockOwner = 'Transaction', @LockTimeout = 10000;
    IF @locked < 0
      THROW 50006, 'another processor is raising an alert: ask again in a moment', 71;

    INSERT INTO @taken (alert_id)
    SELECT TOP (100) a.alert_id
    FROM cardgenius.alert AS a
    WHERE a.teller <> @processor
      AND NOT EXISTS (SELECT 1 FROM cardgenius.processor AS p
                      WHERE p.processor_id = a.teller
                        AND p.last_seen BETWEEN DATEADD(SECOND, -120, @time) AND DATEADD(MINUTE, 5, @time))
    ORDER BY a.alert_id;

    UPDATE a
       SET teller = @processor
      FROM cardgenius.alert AS a
      JOIN @taken AS t ON t.alert_id = a.alert_id;

    COMMIT TRANSACTION;

    SELECT a.alert_id, a.[rule], a.subject, a.severity, a.message, a.opened_at, a.closed_at, a.told_at
    FROM @taken AS t
    JOIN cardgenius.alert AS a ON a.alert_id = t.alert_id
    ORDER BY a.alert_id;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
