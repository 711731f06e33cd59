-- Purpose   What the server and this database are set to, as far as the program minds, and the database's clock.
-- Answers   one row
-- Locks     none but on the catalogue, for a moment
-- Isolation the session's own
-- Indexes   none
-- Avoids    views that need a right on the server: everything here is open to every login that may connect.
-- Callers   cardgenius doctor
-- Grants    none: open to every login that may connect

SELECT CONVERT(VARCHAR(50), SERVERPROPERTY('ProductVersion')) AS version,
       CONVERT(VARCHAR(100), SERVERPROPERTY('Edition')) AS edition,
       CONVERT(INT, SERVERPROPERTY('EngineEdition')) AS engine_edition,  -- 5: Azure SQL, whose versions count otherwise
       CONVERT(VARCHAR(50), SERVERPROPERTY('BabelfishVersion')) AS stand_in,
       d.name AS database_name,
       CONVERT(INT, d.compatibility_level) AS compatibility_level,
       CONVERT(INT, d.is_read_committed_snapshot_on) AS row_versions,
       CONVERT(INT, d.is_auto_update_stats_on) AS updates_statistics,
       d.recovery_model_desc AS recovery_model,
       d.collation_name AS collation,
       d.log_reuse_wait_desc AS log_waits_for,
       SYSUTCDATETIME() AS time
FROM sys.databases AS d
WHERE d.name = DB_NAME();                     -- on Azure SQL database_id is not DB_ID()
