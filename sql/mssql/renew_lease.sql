-- Purpose   Prolongs a lease from now, under its token. No row: the lease is lost, by its end or because the run was cancelled.
--           A pause takes no lease: its chunk is published, and no processor claims another.
-- Answers   one row (run_state, which no processor reads), or none
-- Locks     one row of chunk
-- Isolation READ COMMITTED
-- Indexes   pk_chunk
-- Avoids    the processor's clock: the lease is counted by the database's own.
-- Callers   the heartbeat, while the chunk's work moves; the publisher, while it isolates a row that the database refuses
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.renew_lease
  @run_id         BIGINT,
  @chunk_no       INT,
  @token          UNIQUEIDENTIFIER,
  @lease_seconds  INT,
  @now            DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  UPDATE cardgenius.chunk
     SET lease_until = DATEADD(SECOND, @lease_seconds, cardgenius.clock(@now))
   WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';

  IF @@ROWCOUNT = 1
    SELECT r.state AS run_state FROM cardgenius.run AS r WHERE r.run_id = @run_id;
END;
