-- Purpose   Writes down an act on a run or on users: when, what, how many, from where, by which actor, why. Never changed.
-- Locks     the new row of act
-- Isolation READ COMMITTED, inside the caller's transaction where there is one
-- Indexes   none
-- Avoids    an act without its row: a procedure that acts in one transaction calls it there. retry, redo and prune change
--           their rows in many; their caller writes the act when it knows how many.
-- Callers   change_run_state, open_run, record_fire, see_schedule, forget_user, end_import; cardgenius retry, redo, prune;
--           the dashboard's retry
-- Grants    EXECUTE for cardgenius_processor, cardgenius_janitor, cardgenius_migrator

CREATE OR ALTER PROCEDURE cardgenius.record_act
  @act       VARCHAR(20),
  @run_id    BIGINT,
  @subject   NVARCHAR(200),
  @affected  BIGINT,
  @origin    VARCHAR(10),                     -- NULL: the procedure was called by hand
  @person    NVARCHAR(200),
  @reason    NVARCHAR(400),
  @now       DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  INSERT INTO cardgenius.act (acted_at, act, run_id, subject, affected, origin, person, login, reason)
  VALUES (cardgenius.clock(@now), @act, @run_id, @subject, @affected, COALESCE(@origin, 'sql'), @person,
          ORIGINAL_LOGIN(), @reason);
END;
