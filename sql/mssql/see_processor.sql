-- Purpose   Presence of a processor that does not lead: the first beat inserts it, each later one says when it was seen.
--           Where it has left (resign), a sign of life brings it back. An instance of serve says the same with each bid (lead).
-- Locks     the processor's row
-- Isolation READ COMMITTED
-- Indexes   pk_processor
-- Avoids    a lease: nothing hangs on this row, it is for people to look at.
-- Callers   cardgenius run and demo, every 15 s
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.see_processor
  @processor  VARCHAR(100),
  @host       NVARCHAR(200),
  @pid        INT,
  @version    VARCHAR(50),                    -- of the engine, as the processor loaded it last
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  UPDATE cardgenius.processor
     SET last_seen = @time, stopped_at = NULL, version = @version
   WHERE processor_id = @processor;
  IF @@ROWCOUNT = 0
    INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
    VALUES (@processor, @host, @pid, @version, @time, @time);
END;
