-- Purpose   A processor leaves: the next one that asks may lead at once.
-- Locks     the rows of processor and leader
-- Isolation READ COMMITTED
-- Indexes   pk_processor, pk_leader
-- Avoids    ending another's term: only its own row is touched.
-- Callers   cardgenius serve, run and demo, when they stop
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.resign
  @processor  VARCHAR(100),
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  UPDATE cardgenius.processor SET last_seen = @time, stopped_at = @time WHERE processor_id = @processor;
  DELETE FROM cardgenius.leader WHERE slot = 1 AND owner = @processor;
END;
