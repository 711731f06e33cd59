-- Purpose   How full the transaction log is. There is no twin for the embedded engine, whose log is its own business.
-- Answers   one row: total_mb, used_percent
-- Locks     none
-- Isolation the session's own
-- Indexes   none
-- Avoids    being needed: a login that may not see it is told so, and all else goes on.
-- Callers   cardgenius doctor
-- Grants    VIEW SERVER STATE (SQL Server), VIEW DATABASE STATE (Azure SQL): in no role of ours

SELECT CAST(l.total_log_size_in_bytes / 1048576.0 AS FLOAT) AS total_mb,
       CAST(l.used_log_space_in_percent AS FLOAT) AS used_percent
FROM sys.dm_db_log_space_usage AS l;
