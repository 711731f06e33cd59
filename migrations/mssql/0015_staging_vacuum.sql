-- Purpose  Nothing to do here: a number that both dialects share. On PostgreSQL it sets how staging is vacuumed; a chunk's staging is in
--          tempdb here, and SQL Server clears what was deleted by itself.
-- Locks    none
-- Callers  cardgenius migrate
-- Grants   none
-- Way back none needed

DECLARE @nothing_to_do BIT = 1;
