-- Purpose   Gives a processor one chunk under a lease: an open one that is due, or one whose lease has run out.
--           The first claim writes the chunk's set: the range's users that are pending, then new, at most as many as
--           were planned; these become pending. A later claim keeps the set and reads the spends afresh.
--           No lease is longer than an hour (leaseSeconds), no pause than five minutes: one that ends later was given while the
--           clock was ahead, and is over.
--           Asked again with the same token it gives the same answer, so a lost answer costs nothing.
--           A chunk whose lease ran out five times in a row probably kills its process: it is halved, and a user who
--           stands alone becomes failed (ENGINE_CRASHED).
-- Answers   one row: outcome claimed | wait | closed; run_state; for claimed: chunk_no, users, attempt;
--           for wait: wait_ms until something may be due
-- Errors    50002 the run belongs to another fingerprint; 50005 no such run; 50006 another claimer is splitting (split_chunk)
-- Locks     one row of chunk, through pk_chunk as every writer of chunk does (READPAST: claimers never wait for each other);
--           shared on the row of run, before it, where only expired leases are left; then the set's user_spending_data rows,
--           at most 1,900 a statement
-- Isolation READ COMMITTED: READPAST is refused under SNAPSHOT and SERIALIZABLE (error 650), and pooled sessions leak theirs
-- Indexes   pk_chunk, ix_chunk_token, ix_chunk_claim (the unlocked wait), the key of user_spending_data, pk_chunk_user
-- Avoids    users claimed by lock (a statement with 5,000 locks escalates to the table): one chunk row is claimed.
--           An OR in the pick, which makes a scan that locks what it looks at: two picks, each a seek.
--           A pick through ix_chunk_claim: it locks the index key alone, passes over no chunk that is being published (the
--           fence locks the clustered key), and takes the two in the opposite order to publish: a deadlock.
--           Trust in hints: the guard stands again in the UPDATE, and no row means that another processor was faster.
-- Callers   the chunk pipeline
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.claim_chunk
  @run_id         BIGINT,
  @processor      VARCHAR(100),
  @token          UNIQUEIDENTIFIER,
  @fingerprint    CHAR(64),
  @lease_seconds  INT,
  @now            DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @run_state VARCHAR(10), @run_kind VARCHAR(10),
          @run_fingerprint CHAR(64),
          @chunk_no INT, @found_state VARCHAR(10), @user_id_from VARCHAR(50), @user_id_to VARCHAR(50), @planned_users INT,
          @claims INT, @expired_leases INT, @users INT, @from INT, @due DATETIME2(3), @message NVARCHAR(400),
          @latest DATETIME2(3);
  SET @latest = DATEADD(HOUR, 1, @time);

  BEGIN TRY
    SELECT @run_state = r.state, @run_kind = r.kind, @run_fingerprint = r.fingerprint
    FROM cardgenius.run AS r
    WHERE r.run_id = @run_id;

    IF @run_state IS NULL
    BEGIN
      SET @message = CONCAT('there is no run ', @run_id);
      THROW 50005, @message, 71;
    END;
    IF @run_fingerprint <> @fingerprint
    BEGIN
      SET @message = CONCAT('run ', @run_id, ' belongs to an engine of another fingerprint: it has ', @run_fingerprint,
                            ', this one has ', @fingerprint);
      THROW 50002, @message, 71;
    END;

    -- The same question again: the same answer. READCOMMITTEDLOCK waits for a first call that is still under way, also where
    -- the database keeps row versions: without it the second call would claim another chunk under the same token.
    SELECT @chunk_no = c.chunk_no, @users = c.users, @claims = c.claims
    FROM cardgenius.chunk AS c WITH (READCOMMITTEDLOCK, FORCESEEK (ix_chunk_token (run_id, lease_token)))
    WHERE c.run_id = @run_id AND c.lease_token = @token AND c.state = 'leased';
    IF @chunk_no IS NOT NULL
    BEGIN
      SELECT 'claimed' AS outcome, @run_state AS run_state, @chunk_no AS chunk_no, @users AS users, @claims AS attempt,
             CAST(NULL AS INT) AS wait_ms;
      RETURN;
    END;

    IF @run_state <> 'running'
    BEGIN
      SELECT 'closed' AS outcome, @run_state AS run_state, CAST(NULL AS INT) AS chunk_no, CAST(NULL AS INT) AS users,
             CAST(NULL AS INT) AS attempt, CAST(NULL AS INT) AS wait_ms;
      RETURN;
    END;

    BEGIN TRANSACTION;

    WHILE 1 = 1
    BEGIN
      SET @chunk_no = NULL;

      SELECT TOP (1) @chunk_no = c.chunk_no, @found_state = c.state
      FROM cardgenius.chunk AS c WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK, FORCESEEK (pk_chunk (run_id)))
      WHERE c.run_id = @run_id AND c.state = 'open' AND (c.not_before <= @time OR c.not_before > DATEADD(MINUTE, 5, @time))
      ORDER BY c.chunk_no;

      IF @chunk_no IS NULL
      BEGIN
        -- A split inserts chunks, and their foreign key locks the run's row: it is taken here, run before chunk as everywhere.
        SELECT @run_kind = r.kind FROM cardgenius.run AS r WITH (REPEATABLEREAD) WHERE r.run_id = @run_id;
        SELECT TOP (1) @chunk_no = c.chunk_no, @found_state = c.state
        FROM cardgenius.chunk AS c WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK, FORCESEEK (pk_chunk (run_id)))
        WHERE c.run_id = @run_id AND c.state = 'leased' AND (c.lease_until < @time OR c.lease_until > @latest)
        ORDER BY c.chunk_no;
      END;

      IF @chunk_no IS NULL
      BEGIN
        COMMIT TRANSACTION;
        SELECT @due = MIN(CASE c.state WHEN 'open' THEN c.not_before ELSE c.lease_until END)
        FROM cardgenius.chunk AS c
        WHERE c.run_id = @run_id AND c.state IN ('open', 'leased');
        SELECT 'wait' AS outcome, @run_state AS run_state, CAST(NULL AS INT) AS chunk_no, CAST(NULL AS INT) AS users,
               CAST(NULL AS INT) AS attempt,
               CASE WHEN @due IS NULL OR @due <= @time OR @due > @latest THEN 0
                    ELSE DATEDIFF(MILLISECOND, @time, @due) END AS wait_ms;
        RETURN;
      END;

      UPDATE cardgenius.chunk
         SET state = 'leased', claims = claims + 1,
             users = COALESCE(users, -1),     -- -1: no set yet. ck_chunk_state wants a number; the first claim counts it below
             expired_leases = expired_leases + CASE @found_state WHEN 'leased' THEN 1 ELSE 0 END,
             lease_token = @token, lease_owner = @processor, load_no = NULL,
             lease_until = DATEADD(SECOND, @lease_seconds, @time)
       WHERE run_id = @run_id AND chunk_no = @chunk_no
         AND state = @found_state AND (state = 'open' OR lease_until < @time OR lease_until > @latest);
      IF @@ROWCOUNT = 0
        CONTINUE;                             -- another processor was faster

      SELECT @users = c.users, @claims = c.claims, @expired_leases = c.expired_leases, @planned_users = c.planned_users,
             @user_id_from = c.user_id_from, @user_id_to = c.user_id_to
      FROM cardgenius.chunk AS c
      WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;

      IF @found_state = 'open'
        BREAK;

      -- The lease ran out: the attempt ends here, and the count tells whether the chunk may be what kills.
      UPDATE cardgenius.chunk_attempt
         SET outcome = 'expired', ended_at = @time
       WHERE run_id = @run_id AND chunk_no = @chunk_no AND outcome IS NULL;
      IF @expired_leases < 5
        BREAK;
      EXEC cardgenius.split_chunk @run_id = @run_id, @chunk_no = @chunk_no, @kind = @run_kind, @now = @time;
    END;

    IF @users = -1
    BEGIN
      INSERT INTO cardgenius.chunk_user
        (run_id, chunk_no, user_no, user_id, avg_amazon_gmv, avg_flipkart_gmv, avg_myntra_gmv, avg_ajio_gmv,
         avg_grocery_gmv, avg_confirmed_gmv)
      SELECT @run_id, @chunk_no, ROW_NUMBER() OVER (ORDER BY due.user_id), due.user_id, due.avg_amazon_gmv,
             due.avg_flipkart_gmv, due.avg_myntra_gmv, due.avg_ajio_gmv, due.avg_grocery_gmv, due.avg_confirmed_gmv
      FROM (
        SELECT TOP (@planned_users) u.user_id, u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv,
               u.avg_grocery_gmv, u.avg_confirmed_gmv
        FROM dbo.user_spending_data AS u
        WHERE u.user_id BETWEEN @user_id_from AND @user_id_to
          AND u.processing_status IN ('pending', 'new')
        ORDER BY CASE u.processing_status WHEN 'pending' THEN 0 ELSE 1 END, u.user_id
      ) AS due
      OPTION (RECOMPILE);                     -- a range and a TOP that the plan must know
      SET @users = @@ROWCOUNT;

      UPDATE cardgenius.chunk SET users = @users WHERE run_id = @run_id AND chunk_no = @chunk_no;

      SET @from = CASE @run_kind WHEN 'batch' THEN 1 END;   -- a dry run changes no user
      WHILE @from <= @users
      BEGIN
        UPDATE u
           SET u.processing_status = 'pending', u.processing_error = NULL
             , u.updated_at = @time           --? user_spending_data.updated_at
          FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
          JOIN dbo.user_spending_data AS u ON u.user_id = cu.user_id
         WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @from AND @from + 1899
           AND u.processing_status = 'new'
        OPTION (LOOP JOIN, FORCE ORDER);      -- from the set: an index on the status must not lead to other chunks' users
        SET @from = @from + 1900;
      END;
    END
    ELSE
    BEGIN
      UPDATE cu
         SET cu.avg_amazon_gmv = u.avg_amazon_gmv, cu.avg_flipkart_gmv = u.avg_flipkart_gmv,
             cu.avg_myntra_gmv = u.avg_myntra_gmv, cu.avg_ajio_gmv = u.avg_ajio_gmv,
             cu.avg_grocery_gmv = u.avg_grocery_gmv, cu.avg_confirmed_gmv = u.avg_confirmed_gmv
        FROM cardgenius.chunk_user AS cu      -- the target of an UPDATE takes no FORCESEEK
        JOIN dbo.user_spending_data AS u ON u.user_id = cu.user_id
       WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no
      OPTION (LOOP JOIN);
    END;

    INSERT INTO cardgenius.chunk_attempt (run_id, chunk_no, attempt, lease_token, lease_owner, started_at)
    VALUES (@run_id, @chunk_no, @claims, @token, @processor, @time);

    COMMIT TRANSACTION;
    SELECT 'claimed' AS outcome, @run_state AS run_state, @chunk_no AS chunk_no, @users AS users, @claims AS attempt,
           CAST(NULL AS INT) AS wait_ms;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
