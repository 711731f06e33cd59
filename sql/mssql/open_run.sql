-- Purpose   Joins the active run, or plans a new one: the run, its cards and its chunks in one transaction.
--           The same fingerprint joins (a stopped run goes on; a paused one stays paused until an operator resumes it).
--           Another fingerprint is refused (50002) while a processor holds a living lease; else that run is closed as
--           cancelled, its chunks as superseded, its users are set back to new, and a new run is planned.
--           Another kind is refused (50003): a dry run never ends a batch. But a batch closes a dry run without a living
--           lease, whatever its fingerprint: a dry run left behind must not keep a week's users waiting.
--           Only an operator may end a paused run: superseding it is refused (50009), with its reason and the two ways on.
--           A run without due users is recorded as done at once. Superseding, and a fingerprint that the last batch had not,
--           are acts.
-- Answers   one row: outcome joined | planned | superseded; run_id, state, chunks, users, superseded_id
-- Errors    50002 another engine is at work; 50003 a run of another kind is active; 50006 another opener is at it;
--           50009 a paused run is in the way; 50011 a text of a card is not kept as it is
-- Locks     an application lock for the transaction (one opener at a time); run, chunk, user_spending_data in that order
-- Isolation READ COMMITTED
-- Indexes   uq_run_active, ix_chunk_claim, pk_chunk_user
-- Avoids    two openers that both find no active run: the application lock, whose answer is looked at, and uq_run_active.
--           A question mark in the id or the name of a card, for each letter that the code page of its column lacks, in the
--           rows of all users: what was kept is compared with what was given, in NVARCHAR, and by BIN2.
-- Callers   cardgenius run, demo; record_fire
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.open_run
  @kind            VARCHAR(10),
  @engine_name     VARCHAR(100),
  @engine_version  VARCHAR(100),
  @fingerprint     CHAR(64),
  @cards           NVARCHAR(MAX),             -- JSON: [{cardNo, id, name, joiningFees (paise), redemptionMethod,
                                              --         redemptionRate (1/10000), definition}]
  @chunk_size      INT,
  @user_limit      BIGINT,                    -- NULL: all
  @max_rounds      INT,
  @requested_by    NVARCHAR(200),
  @deadline_at     DATETIME2(3) = NULL,
  @origin          VARCHAR(10) = NULL,        -- as in act; NULL: a processor
  @person          NVARCHAR(200) = NULL,
  @utc_offset      INT = 0,                   -- minutes that the schedule's zone is ahead of UTC: the day in batch_id
  @stamp_unchanged BIT = 1,                   -- rows that do not change carry this run's batch_id, too
  @now             DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @outcome VARCHAR(10) = 'planned', @locked INT,
          @run_id BIGINT, @run_kind VARCHAR(10), @state VARCHAR(10), @run_fingerprint CHAR(64),
          @leases INT, @chunks INT, @users BIGINT, @message NVARCHAR(1000), @reason NVARCHAR(400), @superseded_id BIGINT,
          @last_fingerprint CHAR(64), @batch_id VARCHAR(50);

  BEGIN TRY
    BEGIN TRANSACTION;

    EXEC @locked = sp_getapplock @Resource = 'cardgenius.open_run', @LockMode = 'Exclusive',
                                 @LockOwner = 'Transaction', @LockTimeout = 10000;
    IF @locked < 0
      THROW 50006, 'another processor is opening a run: ask again in a moment', 71;

    -- Found by one index and locked by the other, as everywhere: no session holds the one while waiting for the other.
    SELECT @run_id = r.run_id FROM cardgenius.run AS r WHERE r.active_key = 0;
    UPDATE cardgenius.run SET round = round WHERE run_id = @run_id AND active_key = 0;
    IF @@ROWCOUNT = 0
      SET @run_id = NULL;

    SET @origin = COALESCE(@origin, 'processor');
    SELECT @run_kind = r.kind, @state = r.state, @run_fingerprint = r.fingerprint, @reason = r.reason
    FROM cardgenius.run AS r
    WHERE r.run_id = @run_id;

    SELECT @leases = COUNT(*)
    FROM cardgenius.chunk AS c
    WHERE c.run_id = @run_id AND c.state = 'leased'
      AND c.lease_until BETWEEN @time AND DATEADD(HOUR, 1, @time);

    IF @state = 'paused' AND (@run_fingerprint <> @fingerprint OR @run_kind <> @kind)
    BEGIN
      SET @message = CONCAT('run ', @run_id, ' is paused, and another engine, catalogue or kind of run does not end it (',
                            COALESCE(CASE WHEN @reason LIKE '%.' THEN LEFT(@reason, LEN(@reason) - 1) ELSE @reason END,
                                     'no reason given'),
                            '). Go on with it: cardgenius resume. Or end it: cardgenius cancel');
      THROW 50009, @message, 71;
    END;

    IF @run_kind <> @kind AND (@kind = 'dry_run' OR @leases > 0)
    BEGIN
      SET @message = CONCAT('run ', @run_id, ' is active and is a ', @run_kind,
                            ': let it end (cardgenius status), or end it: cardgenius cancel');
      THROW 50003, @message, 71;
    END;

    IF @run_fingerprint = @fingerprint AND @run_kind = @kind
    BEGIN
      IF @state = 'stopped'
      BEGIN
        UPDATE cardgenius.run SET state = 'running', reason = NULL WHERE run_id = @run_id;
        SET @state = 'running';
      END;

      SELECT @chunks = COUNT(*), @users = COALESCE(SUM(CAST(c.planned_users AS BIGINT)), 0)
      FROM cardgenius.chunk AS c
      WHERE c.run_id = @run_id AND c.state IN ('open', 'leased');

      COMMIT TRANSACTION;
      SELECT 'joined' AS outcome, @run_id AS run_id, @state AS state, @chunks AS chunks, @users AS users,
             @superseded_id AS superseded_id;
      RETURN;
    END;

    IF @run_id IS NOT NULL
    BEGIN
      IF @leases > 0
      BEGIN
        SET @message = CONCAT('run ', @run_id, ' is being worked on by an engine of another fingerprint: it has ',
                              @run_fingerprint, ', this one has ', @fingerprint);
        THROW 50002, @message, 71;
      END;

      SET @message = CASE WHEN @run_kind <> @kind THEN 'superseded by a batch: no processor was at work on this dry run'
                          ELSE CONCAT('superseded by an engine of another fingerprint: ', @fingerprint) END;
      EXEC cardgenius.close_run @run_id = @run_id, @run_state = 'cancelled', @chunk_state = 'superseded',
                                @reason = @message, @now = @time;
      SET @outcome = 'superseded';
      SET @superseded_id = @run_id;
      EXEC cardgenius.record_act @act = 'supersede', @run_id = @run_id, @subject = @requested_by, @affected = NULL,
                                 @origin = @origin, @person = @person, @reason = @message, @now = @time;
    END;

    SELECT @last_fingerprint = r.fingerprint
    FROM cardgenius.run AS r
    WHERE r.run_id = (SELECT MAX(b.run_id) FROM cardgenius.run AS b WHERE b.kind = 'batch');

    IF @kind = 'batch'                        -- a dry run takes no number
      EXEC cardgenius.next_batch_id @utc_offset = @utc_offset, @now = @time, @batch_id = @batch_id OUTPUT;

    INSERT INTO cardgenius.run
      (kind, state, active_key, engine_name, engine_version, fingerprint, chunk_size, user_limit, max_rounds,
       requested_by, deadline_at, started_at, batch_id, stamp_unchanged)
    VALUES
      (@kind, 'running', 0, @engine_name, @engine_version, @fingerprint, @chunk_size, @user_limit,
       CASE WHEN @user_limit IS NULL AND @kind = 'batch' THEN @max_rounds ELSE 1 END, @requested_by, @deadline_at, @time,
       @batch_id, @stamp_unchanged);
    SET @run_id = SCOPE_IDENTITY();
    SET @state = 'running';

    IF @kind = 'batch' AND @last_fingerprint <> @fingerprint
    BEGIN
      SET @message = CONCAT(LEFT(@last_fingerprint, 12), ' -> ', LEFT(@fingerprint, 12));
      EXEC cardgenius.record_act @act = 'catalogue', @run_id = @run_id, @subject = @message, @affected = NULL,
                                 @origin = @origin, @person = @person, @reason = NULL, @now = @time;
    END;

    INSERT INTO cardgenius.run_card
      (run_id, card_no, card_id, card_name, joining_fees, redemption_method, redemption_rate, definition)
    SELECT @run_id, card.card_no, LEFT(COALESCE(card.card_id, card.name), 100), card.name,
           card.joining_fees / 100.0, card.redemption_method,
           card.redemption_rate / 10000.0, card.definition
    FROM OPENJSON(@cards) WITH (
      card_no            INT            '$.cardNo',
      card_id            NVARCHAR(100)  '$.id',
      name               NVARCHAR(200)  '$.name',
      joining_fees       BIGINT         '$.joiningFees',
      redemption_method  NVARCHAR(50)   '$.redemptionMethod',
      redemption_rate    INT            '$.redemptionRate',
      definition         NVARCHAR(MAX)  '$.definition' AS JSON
    ) AS card;

    SELECT TOP (1) @message = CONCAT(N'card ', text_of.card_id, N': this database would keep its ', text_of.what, N' ''',
                                     text_of.given, N''' as ''', text_of.kept, N''', in the rows of all users: ',
                                     N'its column lacks a letter of it. Spell it in letters that the column has')
    FROM (
      SELECT card.card_no, card.card_id, v.what, v.given COLLATE Latin1_General_BIN2 AS given,
             v.kept COLLATE Latin1_General_BIN2 AS kept
      FROM OPENJSON(@cards) WITH (
        card_no            INT            '$.cardNo',
        card_id            NVARCHAR(100)  '$.id',
        name               NVARCHAR(200)  '$.name',
        redemption_method  NVARCHAR(50)   '$.redemptionMethod'
      ) AS card
      JOIN cardgenius.run_card AS rc ON rc.run_id = @run_id AND rc.card_no = card.card_no
      CROSS APPLY (VALUES
        (N'id', card.card_id, CAST(rc.card_id AS NVARCHAR(100)) COLLATE DATABASE_DEFAULT),
        (N'name', card.name, CAST(rc.card_name AS NVARCHAR(200)) COLLATE DATABASE_DEFAULT),
        (N'redemption method', card.redemption_method, CAST(rc.redemption_method AS NVARCHAR(50)) COLLATE DATABASE_DEFAULT)
      ) AS v (what, given, kept)
    ) AS text_of
    WHERE text_of.given <> text_of.kept
    ORDER BY text_of.card_no, text_of.what;
    IF @@ROWCOUNT > 0
      THROW 50011, @message, 71;

    EXEC cardgenius.plan_round @run_id = @run_id, @round = 1, @now = @time, @chunks = @chunks OUTPUT;

    SELECT @users = COALESCE(SUM(CAST(c.planned_users AS BIGINT)), 0)
    FROM cardgenius.chunk AS c
    WHERE c.run_id = @run_id;

    IF @chunks = 0
    BEGIN
      UPDATE cardgenius.run SET state = 'done', active_key = run_id, finished_at = @time WHERE run_id = @run_id;
      SET @state = 'done';
    END;

    COMMIT TRANSACTION;
    SELECT @outcome AS outcome, @run_id AS run_id, @state AS state, @chunks AS chunks, @users AS users,
           @superseded_id AS superseded_id;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
