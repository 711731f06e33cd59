-- Purpose  Autovacuum takes no statistics of what fills and empties with every chunk: they would be of another moment. What reads these
--          tables sets its own plan (SET enable_… in the functions).
-- Locks    SHARE UPDATE EXCLUSIVE on each table for an instant
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back ALTER TABLE each of the tables RESET (autovacuum_analyze_threshold);

ALTER TABLE cardgenius.chunk_user SET (autovacuum_analyze_threshold = 2147483647);
ALTER TABLE cardgenius.staged_recommendation SET (autovacuum_analyze_threshold = 2147483647);
ALTER TABLE cardgenius.staged_outcome SET (autovacuum_analyze_threshold = 2147483647);
ALTER TABLE cardgenius.staged_spending SET (autovacuum_analyze_threshold = 2147483647);
