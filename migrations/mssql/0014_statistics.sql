-- Purpose  No statistics are taken by themselves of what fills and empties with every chunk: they would be of another moment, and
--          taking them makes plans compile anew in the middle of a publish. What reads these tables names its seeks (FORCESEEK).
-- Locks    Sch-M on each table for an instant
-- Callers  cardgenius migrate
-- Grants   ALTER on schema cardgenius
-- Way back ALTER INDEX ALL ON each of the tables SET (STATISTICS_NORECOMPUTE = OFF);

ALTER INDEX ALL ON cardgenius.chunk_user SET (STATISTICS_NORECOMPUTE = ON);
ALTER INDEX ALL ON cardgenius.staged_spending SET (STATISTICS_NORECOMPUTE = ON);
GO
