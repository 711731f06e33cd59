-- Purpose   Decides a slot of a schedule, once in the fleet: the ledger row, the run and its chunks in one transaction.
--             ran, caught_up, manual   opens a run; overlapped instead where one is active that goes on (see below)
--             skipped, not_opened      is only recorded (not_opened: the engine could not be loaded; the note says why)
--             agreed, differed, unchecked  is only recorded: what a comparison with the API says
--             held                     instead of any that would open a run, where a paused run is in the way
--           A recorded slot stays as it is: asking again answers the recorded decision. A leader whose term is over
--           (@elected_at; NULL: fired by hand) records nothing; nor does one whose slot lies in the future by this server's
--           clock, which was set back since the leader asked.
--           An active run of another fingerprint that no processor works on is superseded, as by open_run; so is, by a batch,
--           such a dry run, whatever its fingerprint. A paused run is not.
-- Answers   one row: outcome recorded | known | not_leader; decision, run_id, superseded_id. Where it opens a run, open_run's
--           row comes before, as a result set of its own: the driver reads the last one.
-- Errors    50006 another opener is at it; those of open_run, where a processor claims or pauses meanwhile
-- Locks     the application lock of open_run; those of open_run; the new row of schedule_fire
-- Isolation READ COMMITTED
-- Indexes   pk_leader, pk_schedule_fire, uq_run_active, ix_chunk_claim
-- Avoids    two runs for one slot: one opener at a time, and the key of schedule_fire, in the run's own transaction.
--           A frozen leader that wakes: its term is checked after the wait for the lock.
-- Callers   cardgenius serve, schedule run; the dashboard of serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.record_fire
  @schedule          NVARCHAR(100),
  @planned_at        DATETIME2(3),
  @decision          VARCHAR(10),
  @note              NVARCHAR(400),
  @decided_by        VARCHAR(100),
  @elected_at        DATETIME2(3),
  @kind              VARCHAR(10),
  @engine_name       VARCHAR(100),
  @engine_version    VARCHAR(100),
  @fingerprint       CHAR(64),
  @cards             NVARCHAR(MAX),
  @chunk_size        INT,
  @user_limit        BIGINT,
  @max_rounds        INT,
  @deadline_minutes  INT,
  @person            NVARCHAR(200) = NULL,    -- who asked, where the decision is manual
  @origin            VARCHAR(10) = NULL,
  @utc_offset        INT = 0,                 -- both for open_run
  @stamp_unchanged   BIT = 1,
  @now               DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @locked INT, @outcome VARCHAR(10) = 'recorded',
          @found VARCHAR(10), @run_id BIGINT, @requested_by NVARCHAR(200), @deadline_at DATETIME2(3),
          @active_id BIGINT, @active_state VARCHAR(10), @reason NVARCHAR(400), @superseded_id BIGINT, @from VARCHAR(10),
          @opens BIT = CASE WHEN @decision IN ('ran', 'caught_up', 'manual') THEN 1 ELSE 0 END;

  BEGIN TRY
    BEGIN TRANSACTION;

    EXEC @locked = sp_getapplock @Resource = 'cardgenius.open_run', @LockMode = 'Exclusive',
                                 @LockOwner = 'Transaction', @LockTimeout = 10000;
    IF @locked < 0
      THROW 50006, 'another processor is opening a run: ask again in a moment', 71;

    -- The time is read anew: waiting for the lock may have taken long. The row is not held: planning may take longer than a
    -- lease, and no processor could renew one meanwhile.
    IF @elected_at IS NOT NULL
       AND (@planned_at > DATEADD(MINUTE, 5, cardgenius.clock(@now))
            OR NOT EXISTS (SELECT 1 FROM cardgenius.leader AS l
                           WHERE l.slot = 1 AND l.owner = @decided_by AND l.elected_at = @elected_at
                             AND l.lease_until >= cardgenius.clock(@now)))
    BEGIN
      COMMIT TRANSACTION;
      SELECT 'not_leader' AS outcome, @decision AS decision, CAST(NULL AS BIGINT) AS run_id, @superseded_id AS superseded_id;
      RETURN;
    END;

    SELECT @found = f.decision, @run_id = f.run_id
    FROM cardgenius.schedule_fire AS f
    WHERE f.schedule = @schedule AND f.planned_at = @planned_at;

    IF @found IS NOT NULL
    BEGIN
      COMMIT TRANSACTION;
      SELECT 'known' AS outcome, @found AS decision, @run_id AS run_id, @superseded_id AS superseded_id;
      RETURN;
    END;

    SET @from = CASE WHEN @decision = 'manual' THEN COALESCE(@origin, 'sql') ELSE 'schedule' END;
    SELECT @active_id = r.run_id, @active_state = r.state, @reason = r.reason
    FROM cardgenius.run AS r
    WHERE r.active_key = 0;

    IF @opens = 1 AND @active_state = 'paused'
    BEGIN
      SET @run_id = @active_id;
      SET @decision = 'held';
      SET @note = LEFT(CONCAT('run ', @run_id, ' is paused: ', COALESCE(@reason, 'no reason given')), 400);
    END;
    ELSE IF @opens = 1
    BEGIN
      SELECT @run_id = r.run_id
      FROM cardgenius.run AS r
      WHERE r.active_key = 0
        AND (((r.fingerprint = @fingerprint OR r.kind <> @kind)
              AND NOT (r.kind = 'dry_run' AND @kind = 'batch'))
             OR EXISTS (SELECT 1 FROM cardgenius.chunk AS c
                        WHERE c.run_id = r.run_id AND c.state = 'leased'
                          AND c.lease_until BETWEEN @time AND DATEADD(HOUR, 1, @time)));

      IF @run_id IS NOT NULL
        SET @decision = 'overlapped';
      ELSE
      BEGIN
        SET @requested_by = CONCAT('schedule ', @schedule);
        SET @deadline_at = DATEADD(MINUTE, @deadline_minutes, @time);
        EXEC cardgenius.open_run @kind = @kind, @engine_name = @engine_name, @engine_version = @engine_version,
                                 @fingerprint = @fingerprint, @cards = @cards, @chunk_size = @chunk_size,
                                 @user_limit = @user_limit, @max_rounds = @max_rounds, @requested_by = @requested_by,
                                 @deadline_at = @deadline_at, @origin = @from, @person = @person,
                                 @utc_offset = @utc_offset, @stamp_unchanged = @stamp_unchanged, @now = @time;
        SELECT @run_id = MAX(r.run_id) FROM cardgenius.run AS r;      -- ours: no other session opens one meanwhile
        SELECT @superseded_id = r.run_id FROM cardgenius.run AS r WHERE r.run_id = @active_id AND r.state = 'cancelled';
      END;
    END;

    INSERT INTO cardgenius.schedule_fire (schedule, planned_at, decision, decided_at, decided_by, run_id, note)
    VALUES (@schedule, @planned_at, @decision, @time, @decided_by, @run_id, @note);

    IF @from <> 'schedule'
      EXEC cardgenius.record_act @act = 'run_now', @run_id = @run_id, @subject = @schedule, @affected = NULL, @origin = @from,
                                 @person = @person, @reason = @decision, @now = @time;

    COMMIT TRANSACTION;
    SELECT @outcome AS outcome, @decision AS decision, @run_id AS run_id, @superseded_id AS superseded_id;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
