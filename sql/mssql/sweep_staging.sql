-- Purpose   Removes the staged spends of imports that were given up (unfinished for a day, or begun in the future, while the
--           clock was ahead). A chunk's staging needs no sweep: it is in tempdb and goes with its session. The twin in
--           sql/postgres sweeps that, too.
-- Answers   one row: how many rows
-- Locks     the rows that it deletes, at most 3,900 a statement; each statement is a transaction of its own
-- Isolation READ COMMITTED
-- Indexes   pk_staged_spending
-- Avoids    waiting for an import that is under way: READPAST passes over its rows.
--           Taking the rows of an import that begins meanwhile: only numbers drawn before now are looked at.
-- Callers   the batch, at the start and at the end of a run; cardgenius serve, where it leads, every hour
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.sweep_staging
  @now  DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @swept BIGINT = 0, @rows INT,
          @horizon BIGINT = NEXT VALUE FOR cardgenius.load_no;

  SET @rows = 1;
  WHILE @rows > 0
  BEGIN
    DELETE TOP (3900) s
    FROM cardgenius.staged_spending AS s WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    WHERE s.load_no < @horizon
      AND NOT EXISTS (SELECT 1 FROM cardgenius.import AS i
                      WHERE i.load_no = s.load_no AND i.finished_at IS NULL
                        AND i.started_at BETWEEN DATEADD(DAY, -1, @time) AND DATEADD(DAY, 1, @time));
    SET @rows = @@ROWCOUNT;
    SET @swept = @swept + @rows;
  END;

  SELECT @swept AS swept;
END;
