-- Purpose   Forgets what is over: one batch of one kind of history that ended before a day. Called again until nothing is left.
--           A run goes with its cards, chunks, their users and attempts; never the active run, never the latest.
--           Children go first: a run of which a prune that was stopped has left the head alone goes with the next one.
-- Answers   one row: kind, deleted (0: nothing of this kind is left)
-- Errors    50008 no such kind of history
-- Locks     the rows that it deletes, at most 3,900 a call (1,200 chunks, 1,900 alerts: they have more indexes); the call is a
--           transaction of its own
-- Isolation READ COMMITTED
-- Indexes   pk_run, pk_chunk, pk_chunk_user, pk_completed_user, pk_chunk_attempt, pk_import, pk_schedule_fire, pk_alert,
--           pk_processor
-- Avoids    waiting for a run at work, or making it wait: nothing that an active run can touch is looked at.
--           A cascade over 200 chunks and their attempts in one statement: lock escalation.
-- Callers   cardgenius prune
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR ALTER PROCEDURE cardgenius.prune_history
  @kind       VARCHAR(20),                    -- a table, as below
  @keep_days  INT,
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @before DATETIME2(3) = DATEADD(DAY, -@keep_days, cardgenius.clock(@now)), @deleted INT = 0, @latest BIGINT;
  DECLARE @over TABLE (run_id BIGINT NOT NULL PRIMARY KEY);

  SELECT @latest = MAX(r.run_id) FROM cardgenius.run AS r;
  INSERT INTO @over (run_id)
  SELECT TOP (1000) r.run_id
  FROM cardgenius.run AS r
  WHERE r.active_key <> 0 AND r.finished_at < @before AND r.run_id < @latest
  ORDER BY r.run_id;

  IF @kind = 'chunk_attempt'
  BEGIN
    DELETE TOP (3900) a FROM cardgenius.chunk_attempt AS a WHERE a.run_id IN (SELECT o.run_id FROM @over AS o);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'chunk_user'
  BEGIN
    DELETE TOP (3900) u FROM cardgenius.chunk_user AS u WHERE u.run_id IN (SELECT o.run_id FROM @over AS o);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'completed_user'
  BEGIN
    DELETE TOP (3900) u FROM cardgenius.completed_user AS u WHERE u.run_id IN (SELECT o.run_id FROM @over AS o);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'chunk'
  BEGIN
    DELETE TOP (1200) c
    FROM cardgenius.chunk AS c
    WHERE c.run_id IN (SELECT o.run_id FROM @over AS o)
      AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk_attempt AS a WHERE a.run_id = c.run_id AND a.chunk_no = c.chunk_no);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'run_card'
  BEGIN
    DELETE TOP (3900) k FROM cardgenius.run_card AS k WHERE k.run_id IN (SELECT o.run_id FROM @over AS o);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'run'
  BEGIN
    DELETE r
    FROM cardgenius.run AS r
    WHERE r.run_id IN (SELECT o.run_id FROM @over AS o)
      AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = r.run_id)
      AND NOT EXISTS (SELECT 1 FROM cardgenius.run_card AS k WHERE k.run_id = r.run_id);
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'import'
  BEGIN
    DELETE TOP (3900) i FROM cardgenius.import AS i WHERE COALESCE(i.finished_at, i.started_at) < @before;
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'schedule_fire'
  BEGIN
    -- The latest slot of a schedule stays: it tells what was missed since. A fire by hand is not a slot, as in see_schedule.
    DELETE TOP (3900) f
    FROM cardgenius.schedule_fire AS f
    WHERE f.planned_at < @before
      AND EXISTS (SELECT 1 FROM cardgenius.schedule_fire AS l
                  WHERE l.schedule = f.schedule AND l.planned_at > f.planned_at AND l.decision <> 'manual');
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'alert'
  BEGIN
    DELETE TOP (1900) a FROM cardgenius.alert AS a WHERE a.closed_at < @before;
    SET @deleted = @@ROWCOUNT;
  END
  ELSE IF @kind = 'processor'
  BEGIN
    DELETE TOP (3900) p FROM cardgenius.processor AS p WHERE p.last_seen < @before;
    SET @deleted = @@ROWCOUNT;
  END
  ELSE
    THROW 50008, 'prune_history knows no such kind of history', 1;

  SELECT @kind AS kind, @deleted AS deleted;
END;
