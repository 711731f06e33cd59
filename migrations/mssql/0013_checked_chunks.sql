-- Purpose  What the check of a chunk found that was just published: how many of its users were looked at, how many have rows that
--          cannot be right, and by which checks. The run tells the sums: its exit code, runs show and an alert go by them.
-- Locks    Sch-M on chunk for an instant: columns that may be NULL are added without touching a row.
-- Callers  cardgenius migrate
-- Grants   ALTER on schema cardgenius
-- Way back ALTER TABLE cardgenius.chunk DROP COLUMN checked, violations, violated;

ALTER TABLE cardgenius.chunk ADD checked     INT          NULL;   -- users looked at; NULL: not looked at
ALTER TABLE cardgenius.chunk ADD violations  INT          NULL;   -- of them: whose rows cannot be right
ALTER TABLE cardgenius.chunk ADD violated    VARCHAR(200) NULL;   -- by which checks, with their users: order_by_net 12
