-- Purpose   The time of this server in UTC, which every procedure goes by. @now is for tests, and for what a procedure of ours
--           hands on to another one: a time of the last ten minutes. Any other time is taken from a db_owner alone: with a
--           later one a processor's login would take living leases, and sweep an import that is under way. From another login
--           it is no error: the server goes by its own clock.
-- Locks     none
-- Isolation none needed
-- Indexes   none needed
-- Avoids    the clock of a processor.
-- Callers   every procedure with @now
-- Grants    none: called by other procedures

CREATE OR ALTER FUNCTION cardgenius.clock (@now DATETIME2(3))
RETURNS DATETIME2(3)
AS
BEGIN
  DECLARE @time DATETIME2(3) = SYSUTCDATETIME();
  IF @now BETWEEN DATEADD(MINUTE, -10, @time) AND DATEADD(SECOND, 1, @time)
     OR (@now IS NOT NULL AND (IS_ROLEMEMBER(N'db_owner') = 1 OR USER_NAME() = N'dbo'))
    SET @time = @now;
  RETURN @time;
END;
