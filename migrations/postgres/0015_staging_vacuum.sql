-- Purpose  Staging is filled and emptied by every chunk: autovacuum clears it by a number of dead rows and not by a share of what is
--          there, and does not rest while it does. The embedded engine has no autovacuum; its program vacuums.
-- Locks    SHARE UPDATE EXCLUSIVE on each table for an instant: a setting is written down.
-- Callers  cardgenius migrate
-- Grants   ownership of the tables
-- Way back ALTER TABLE … RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay) of each

ALTER TABLE cardgenius.staged_recommendation SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE cardgenius.staged_spending SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE cardgenius.staged_outcome SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE cardgenius.chunk_user SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
