-- Purpose   A processor is alive, and asks to lead: it is elected where no lease lives, stays elected while it renews
--           in time, and is told who leads. A term is (owner, elected_at); a bid that comes too late starts a new one.
--           A lease that ends later than two leases from now was given while the clock was ahead: it is over, and so is a term
--           that began in the future.
-- Answers   one row: owner, elected_at, lease_until of the leader, the database's time, and clock_back_seconds: by how much
--           the clock was set back since that lease was given, where it was too long (else 0)
-- Locks     the rows of processor and leader
-- Isolation READ COMMITTED
-- Indexes   pk_processor, pk_leader
-- Avoids    two leaders: one row under a key, changed by one statement that looks at the lease itself.
-- Callers   cardgenius serve, every third of a lease
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.lead
  @processor      VARCHAR(100),
  @host           NVARCHAR(200),
  @pid            INT,
  @version        VARCHAR(50),                -- of the engine, as the processor loaded it last
  @lease_seconds  INT,
  @now            DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @latest DATETIME2(3), @back INT;
  SET @latest = DATEADD(SECOND, 2 * @lease_seconds, @time);

  UPDATE cardgenius.processor
     SET last_seen = @time, stopped_at = NULL, version = @version
   WHERE processor_id = @processor;
  IF @@ROWCOUNT = 0
    INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
    VALUES (@processor, @host, @pid, @version, @time, @time);

  BEGIN TRY
    INSERT INTO cardgenius.leader (slot, owner, elected_at, lease_until)
    SELECT 1, @processor, @time, DATEADD(SECOND, @lease_seconds, @time)
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.leader AS l WITH (UPDLOCK) WHERE l.slot = 1);
  END TRY
  BEGIN CATCH
    IF ERROR_NUMBER() NOT IN (2601, 2627)
      THROW;                                  -- a duplicate: another was elected first, and is told of below
  END CATCH;

  SELECT @back = CASE WHEN l.lease_until > @latest THEN DATEDIFF(SECOND, @time, l.lease_until) - @lease_seconds ELSE 0 END
  FROM cardgenius.leader AS l
  WHERE l.slot = 1;

  UPDATE cardgenius.leader
     SET elected_at = CASE WHEN owner = @processor AND lease_until BETWEEN @time AND @latest AND elected_at <= @time
                           THEN elected_at ELSE @time END,
         owner = @processor,
         lease_until = DATEADD(SECOND, @lease_seconds, @time)
   WHERE slot = 1 AND (owner = @processor OR lease_until < @time OR lease_until > @latest);

  SELECT l.owner, l.elected_at, l.lease_until, @time AS now_at, @back AS clock_back_seconds
  FROM cardgenius.leader AS l
  WHERE l.slot = 1;
END;
