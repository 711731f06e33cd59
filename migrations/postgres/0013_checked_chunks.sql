-- Purpose  What the check of a chunk found that was just published: how many of its users were looked at, how many have rows that
--          cannot be right, and by which checks. The run tells the sums: its exit code, runs show and an alert go by them.
-- Locks    ACCESS EXCLUSIVE on chunk for an instant: columns that may be NULL are added without touching a row.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back ALTER TABLE cardgenius.chunk DROP COLUMN checked, DROP COLUMN violations, DROP COLUMN violated;

ALTER TABLE cardgenius.chunk
  ADD COLUMN checked     INTEGER      NULL,   -- users looked at; NULL: not looked at
  ADD COLUMN violations  INTEGER      NULL,   -- of them: whose rows cannot be right
  ADD COLUMN violated    VARCHAR(200) NULL;   -- by which checks, with their users: order_by_net 12
