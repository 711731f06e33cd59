-- Twin of sql/mssql/close_run.sql. Differs in: Locks, Indexes.
-- Locks     run, chunk, user_spending_data in that order
-- Indexes   ix_chunk_claim, pk_chunk_user, the key of user_spending_data
-- Callers   open_run, change_run_state; never called directly
-- Grants    none: runs with its callers' rights

CREATE OR REPLACE FUNCTION cardgenius.close_run(
  p_run_id       BIGINT,
  p_run_state    TEXT,                        -- cancelled | failed
  p_chunk_state  TEXT,                        -- cancelled | superseded
  p_reason       TEXT,
  p_now          TIMESTAMPTZ
)
RETURNS VOID
LANGUAGE plpgsql
SET timezone = 'UTC'                         -- CashKaro's TIMESTAMP without a zone holds UTC
AS $$
BEGIN
  UPDATE cardgenius.run SET round = round WHERE run_id = p_run_id;  -- the lock

  UPDATE cardgenius.chunk
     SET state = p_chunk_state, closed_at = p_now
   WHERE run_id = p_run_id AND state IN ('open', 'leased');

  UPDATE cardgenius.chunk_attempt
     SET outcome = p_chunk_state, ended_at = p_now
   WHERE run_id = p_run_id AND outcome IS NULL;

  UPDATE public.user_spending_data AS u
     SET processing_status = 'new'
       , updated_at = p_now                   --? user_spending_data.updated_at
    FROM cardgenius.chunk_user AS cu
   WHERE cu.run_id = p_run_id AND u.user_id = cu.user_id AND (u.processing_status = 'pending') IS TRUE;

  DELETE FROM cardgenius.chunk_user WHERE run_id = p_run_id;

  -- Last: active_key is a key, so this excludes a publish's look at run for its foreign key, and the publish holds its chunk.
  UPDATE cardgenius.run
     SET state = p_run_state, active_key = run_id, reason = LEFT(p_reason, 400), finished_at = p_now
   WHERE run_id = p_run_id;
END;
$$;
