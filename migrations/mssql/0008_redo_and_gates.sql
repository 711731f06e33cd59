-- Purpose  Which users a chunk completed, so that redo --older-than can tell who was computed when: the contract tables have no
--          time. One narrow row a user and run, added where publish empties chunk_user; forgotten by prune with its run.
--          And what the gate of first cards has counted in a chunk before it was published.
-- Locks    Sch-M on chunk for an instant: columns that may be NULL are added without touching a row.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius; SELECT on user_spending_data (for the type of user_id)
-- Way back DROP TABLE cardgenius.completed_user;
--          ALTER TABLE cardgenius.chunk DROP COLUMN first_cards_known, first_cards_changed;

SELECT ISNULL(u.user_id, '') AS user_id                     -- type and collation of CashKaro's key; NOT NULL, whatever theirs is
INTO cardgenius.completed_user
FROM dbo.user_spending_data AS u
WHERE 1 = 0;
GO

ALTER TABLE cardgenius.completed_user ADD run_id    BIGINT NOT NULL;
ALTER TABLE cardgenius.completed_user ADD chunk_no  INT    NOT NULL;
GO

-- Each chunk adds its own users, in this order, at the end of its own range: nothing is looked up, and few pages split. No
-- foreign key: OUTPUT INTO allows none.
ALTER TABLE cardgenius.completed_user ADD CONSTRAINT pk_completed_user PRIMARY KEY CLUSTERED (run_id, chunk_no, user_id);
-- As in chunk_user: a lock on the whole table would make the processors wait for each other.
ALTER TABLE cardgenius.completed_user SET (LOCK_ESCALATION = DISABLE);
GO

ALTER TABLE cardgenius.chunk ADD first_cards_known    INT NULL;   -- looked at: users who had a first card before
ALTER TABLE cardgenius.chunk ADD first_cards_changed  INT NULL;   -- of them: who are given another one
