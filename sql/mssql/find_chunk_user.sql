-- Purpose   Which user has a number in an open chunk: the reason of a paused run names a user by chunk and number.
-- Answers   one row: user_id; none where the chunk is closed, or the user was forgotten
-- Locks     shared, one row
-- Isolation READ COMMITTED
-- Indexes   pk_chunk_user
-- Avoids    an id in the reason itself: that is kept for good, and goes to every channel of the alerts.
-- Callers   cardgenius errors
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.find_chunk_user
  @run_id    BIGINT,
  @chunk_no  INT,
  @user_no   INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT cu.user_id
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no = @user_no;
END;
