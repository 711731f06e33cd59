-- Purpose  Which users a chunk completed, so that redo --older-than can tell who was computed when: the contract tables have no
--          time. One narrow row a user and run, added where publish empties chunk_user; forgotten by prune with its run.
--          And what the gate of first cards has counted in a chunk before it was published.
-- Locks    ACCESS EXCLUSIVE on chunk for an instant: no row is touched.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius, SELECT on user_spending_data (for the type and collation of user_id)
-- Way back DROP TABLE cardgenius.completed_user;
--          ALTER TABLE cardgenius.chunk DROP COLUMN first_cards_known, DROP COLUMN first_cards_changed;

CREATE TABLE cardgenius.completed_user AS
SELECT user_id                                              -- type and collation of CashKaro's key
FROM public.user_spending_data WITH NO DATA;

ALTER TABLE cardgenius.completed_user
  ADD COLUMN run_id    BIGINT  NOT NULL,
  ADD COLUMN chunk_no  INTEGER NOT NULL,
  ALTER COLUMN user_id SET NOT NULL,
  ADD CONSTRAINT pk_completed_user PRIMARY KEY (run_id, chunk_no, user_id);

ALTER TABLE cardgenius.chunk
  ADD COLUMN first_cards_known    INTEGER NULL,             -- looked at: users who had a first card before
  ADD COLUMN first_cards_changed  INTEGER NULL;             -- of them: who are given another one
