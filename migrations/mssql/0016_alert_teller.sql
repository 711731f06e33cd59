-- Purpose  What of an alert was not told yet outlives its processor: a leader tells it in place of one that has died.
-- Locks    Sch-M on alert for an instant: columns that may be NULL are added without touching a row.
-- Callers  cardgenius migrate
-- Grants   ALTER on schema cardgenius
-- Way back ALTER TABLE cardgenius.alert DROP COLUMN teller, told_at;

ALTER TABLE cardgenius.alert ADD teller   VARCHAR(100) NULL;   -- the processor that has something to tell of it; NULL: all was told
ALTER TABLE cardgenius.alert ADD told_at  DATETIME2(3) NULL;   -- when every channel had taken that it is open
