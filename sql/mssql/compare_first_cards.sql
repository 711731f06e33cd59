-- Purpose   What the gate of first cards asks of a chunk that is loaded and not yet published: of its first users, how many had a
--           first card before, and how many of those are given another one. The counts stand in the chunk, so the sums
--           are the run's, over all processors; a chunk that is done again counts anew.
-- Answers   one row: known and changed over the run, this chunk's included; none where the lease is lost
-- Locks     one row of chunk, for its own statement; shared, row by row, on card_recommendations: one row a user looked at
-- Isolation READ COMMITTED
-- Reads     #staged_recommendation of the calling session (queries/mssql/create_staging.sql); error 208 without it: load again
-- Indexes   the key of #staged_recommendation, pk_chunk_user, pk_run_card, the key of card_recommendations, pk_chunk
-- Avoids    another order of the joins, which stale statistics of staging would make one of all users with all cards.
--           Waiting for a publish: the sums pass over chunks that are locked just now, also with READ_COMMITTED_SNAPSHOT.
-- Callers   the chunk pipeline, before publish; never with maxFirstCardChangedShare 1
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.compare_first_cards
  @run_id    BIGINT,
  @chunk_no  INT,
  @token     UNIQUEIDENTIFIER,
  @load_no   BIGINT,
  @users     INT                              -- how many of a chunk are looked at: enough for a share
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @known INT, @changed INT;

  SELECT @known = COUNT(*), @changed = COALESCE(SUM(CASE WHEN t.card_name = rc.card_name THEN 0 ELSE 1 END), 0)
  FROM #staged_recommendation AS s
  JOIN cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
    ON cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no = s.user_no
  JOIN dbo.card_recommendations AS t ON t.user_id = cu.user_id AND t.rank = 1
  JOIN cardgenius.run_card AS rc WITH (FORCESEEK (pk_run_card (run_id, card_no)))
    ON rc.run_id = @run_id AND rc.card_no = s.card_no
  WHERE s.rank = 1 AND s.user_no <= @users
  OPTION (LOOP JOIN, FORCE ORDER);

  UPDATE cardgenius.chunk
     SET first_cards_known = @known, first_cards_changed = @changed
   WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';
  IF @@ROWCOUNT = 0
    RETURN;

  SELECT COALESCE(SUM(CAST(c.first_cards_known AS FLOAT)), 0) AS known,
         COALESCE(SUM(CAST(c.first_cards_changed AS FLOAT)), 0) AS changed
  FROM cardgenius.chunk AS c WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
  WHERE c.run_id = @run_id;
END;
