-- Purpose   Ends the staging of a load before its connection goes back to the pool: pooled sessions keep their temporary tables.
--           No twin: PostgreSQL stages in tables that stay.
-- Locks     the session's own
-- Isolation the session's own
-- Indexes   none
-- Avoids    rows of one chunk that a later load on the same session would meet.
-- Callers   the driver, when a chunk is published, given back or failed
-- Grants    none

DROP TABLE IF EXISTS #staged_recommendation;
DROP TABLE IF EXISTS #staged_outcome;
