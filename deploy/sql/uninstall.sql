-- Purpose   Takes CardGenius Batch out of a database: every procedure, view, table, sequence and role of the schema cardgenius, and
--           the schema. The contract tables user_spending_data and card_recommendations stay as they are, rows and columns.
-- Refuses   beside an active run (end it first: cardgenius cancel), and while a session of the program is connected, where the
--           login may see sessions.
-- Run it    by a db_owner, after a backup, with every processor stopped. Microsoft's sqlcmd or SSMS, in the database itself.
-- Locks     Sch-M on each object of the schema cardgenius, for a moment
-- Way back  restore, or migrate anew: runs, history and alerts are gone
-- Then      DROP USER and DROP LOGIN for the logins that had the roles. The columns that a migration added to the contract tables
--           (processing_error; those of migrate --add-contract-columns) stay, because they hold CashKaro's rows: drop them by hand.

SET NOCOUNT ON;
SET XACT_ABORT ON;

IF DB_NAME() IN (N'master', N'tempdb', N'model', N'msdb')
  THROW 50020, 'uninstall.sql: connect to the database that has the schema cardgenius, not to a system database', 1;
IF SCHEMA_ID(N'cardgenius') IS NULL
  THROW 50020, 'uninstall.sql: this database has no schema cardgenius', 1;
IF OBJECT_ID(N'cardgenius.run', N'U') IS NOT NULL
   AND EXISTS (SELECT 1 FROM cardgenius.run AS r WHERE r.active_key = 0)
  THROW 50021, 'uninstall.sql: a run is active. End it first: cardgenius cancel', 1;
IF EXISTS (SELECT 1 FROM sys.dm_exec_sessions AS s
           WHERE s.program_name LIKE N'cardgenius/%' AND s.database_id = DB_ID() AND s.session_id <> @@SPID)
  THROW 50022, 'uninstall.sql: a session of cardgenius is connected. Stop every processor first', 1;

BEGIN TRY
  BEGIN TRANSACTION;

  -- Statements in the order in which nothing refers to what is dropped: views and procedures, foreign keys, tables, the rest.
  DECLARE @statement NVARCHAR(500);
  DECLARE dropping CURSOR LOCAL STATIC FORWARD_ONLY READ_ONLY FOR
    SELECT d.statement
    FROM (
      SELECT CASE o.type WHEN 'P' THEN 1 WHEN 'V' THEN 2 WHEN 'F' THEN 3 WHEN 'U' THEN 4 WHEN 'SO' THEN 5 ELSE 6 END AS place,
             o.name,
             CASE o.type WHEN 'F' THEN CONCAT(N'ALTER TABLE cardgenius.', QUOTENAME(OBJECT_NAME(o.parent_object_id)),
                                              N' DROP CONSTRAINT ', QUOTENAME(o.name))
                         ELSE CONCAT(N'DROP ', CASE o.type WHEN 'P' THEN N'PROCEDURE' WHEN 'V' THEN N'VIEW' WHEN 'U' THEN N'TABLE'
                                                           WHEN 'SO' THEN N'SEQUENCE IF EXISTS' ELSE N'FUNCTION' END,
                                     N' cardgenius.', QUOTENAME(o.name)) END AS statement
      FROM sys.objects AS o
      WHERE o.schema_id = SCHEMA_ID(N'cardgenius') AND o.type IN ('P', 'V', 'F', 'U', 'SO', 'FN', 'IF', 'TF')
    ) AS d
    ORDER BY d.place, d.name;
  OPEN dropping;
  FETCH NEXT FROM dropping INTO @statement;
  WHILE @@FETCH_STATUS = 0
  BEGIN
    EXEC sp_executesql @statement;
    FETCH NEXT FROM dropping INTO @statement;
  END;
  CLOSE dropping;
  DEALLOCATE dropping;

  DECLARE roles CURSOR LOCAL STATIC FORWARD_ONLY READ_ONLY FOR
    SELECT CONCAT(N'ALTER ROLE ', QUOTENAME(r.name), N' DROP MEMBER ', QUOTENAME(m.name)) AS statement
    FROM sys.database_role_members AS rm
    JOIN sys.database_principals AS r ON r.principal_id = rm.role_principal_id
    JOIN sys.database_principals AS m ON m.principal_id = rm.member_principal_id
    WHERE r.name IN (N'cardgenius_processor', N'cardgenius_importer', N'cardgenius_reader', N'cardgenius_migrator',
                     N'cardgenius_janitor')
    UNION ALL
    SELECT CONCAT(N'DROP ROLE ', QUOTENAME(r.name))
    FROM sys.database_principals AS r
    WHERE r.type = 'R'
      AND r.name IN (N'cardgenius_processor', N'cardgenius_importer', N'cardgenius_reader', N'cardgenius_migrator',
                     N'cardgenius_janitor')
    ORDER BY statement;                       -- ALTER before DROP
  OPEN roles;
  FETCH NEXT FROM roles INTO @statement;
  WHILE @@FETCH_STATUS = 0
  BEGIN
    EXEC sp_executesql @statement;
    FETCH NEXT FROM roles INTO @statement;
  END;
  CLOSE roles;
  DEALLOCATE roles;

  DROP SCHEMA cardgenius;
  COMMIT TRANSACTION;
  PRINT 'uninstall.sql: the schema cardgenius is gone; user_spending_data and card_recommendations are as they were';
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
