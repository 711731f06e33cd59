-- Purpose   What this database is set to, as far as the program minds, and its clock. A reduced twin: most of what SQL Server
--           can be set to has no counterpart here.
-- Answers   one row
-- Locks     none
-- Callers   cardgenius doctor
-- Grants    none

SELECT current_setting('server_version') AS version, current_database() AS database_name,
       d.datcollate AS collation, clock_timestamp() AS time
FROM pg_database AS d
WHERE d.datname = current_database();
