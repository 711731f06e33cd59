-- Purpose   Acts and their persons: those on a run, or the latest of all.
-- Answers   up to @acts rows, the latest first: act_id, acted_at, act, run_id, subject, affected, origin, person, login, reason
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_act, ix_act_run
-- Avoids    nothing: it only reads.
-- Callers   cardgenius runs show, runs acts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_acts
  @run_id  BIGINT,                            -- NULL: of all, also those about no run
  @acts    INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@acts) a.act_id, a.acted_at, a.act, a.run_id, a.subject, a.affected, a.origin, a.person, a.login, a.reason
  FROM cardgenius.act AS a
  WHERE @run_id IS NULL OR a.run_id = @run_id
  ORDER BY a.act_id DESC
  OPTION (RECOMPILE);
END;
