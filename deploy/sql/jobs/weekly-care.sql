-- Purpose   A SQL Server Agent job for the weekly care that otherwise needs the command line: prune_history until nothing older than
--           90 days is left, then verify_database. The job fails where a check with severity fail has a violation, so that the
--           Agent notifies its operator.
-- Run it    once, in msdb, by a member of sysadmin or SQLAgentOperatorRole. Set @database and @owner first. It may be run again: the
--           job is made anew. Not on Azure SQL Database, which has no Agent: use an elastic job with the same two steps.
-- Rights    @owner's user in @database needs the role cardgenius_janitor, nothing else.
-- Locks     at most 3,900 rows of the schema cardgenius a statement; verify reads both contract tables once
-- Way back  EXEC msdb.dbo.sp_delete_job @job_name = N'CardGenius weekly care';

USE msdb;
GO

DECLARE @database SYSNAME = N'CashKaro',          -- the database with the schema cardgenius
        @owner    SYSNAME = N'cardgenius_care',   -- a login whose user there has the role cardgenius_janitor
        @job      SYSNAME = N'CardGenius weekly care';

IF EXISTS (SELECT 1 FROM msdb.dbo.sysjobs AS j WHERE j.name = @job)
  EXEC msdb.dbo.sp_delete_job @job_name = @job;

EXEC msdb.dbo.sp_add_job @job_name = @job, @enabled = 1, @owner_login_name = @owner,
     @description = N'Deletes the history of CardGenius Batch older than 90 days, then checks every result.';

EXEC msdb.dbo.sp_add_jobstep @job_name = @job, @step_name = N'prune', @subsystem = N'TSQL', @database_name = @database,
     @on_success_action = 3, @retry_attempts = 3, @retry_interval = 5, @command = N'
SET NOCOUNT ON;
CREATE TABLE #kinds (place INT NOT NULL PRIMARY KEY, kind VARCHAR(20) NOT NULL);
INSERT INTO #kinds (place, kind) VALUES (1, ''chunk_attempt''), (2, ''chunk_user''), (3, ''completed_user''), (4, ''chunk''),
  (5, ''run_card''), (6, ''run''), (7, ''import''), (8, ''schedule_fire''), (9, ''alert''), (10, ''processor'');
CREATE TABLE #answer (kind VARCHAR(20) NOT NULL, deleted INT NOT NULL);
DECLARE @place INT = 1, @kind VARCHAR(20), @deleted INT;
WHILE EXISTS (SELECT 1 FROM #kinds AS k WHERE k.place = @place)
BEGIN
  SELECT @kind = k.kind FROM #kinds AS k WHERE k.place = @place;
  SET @deleted = 1;
  WHILE @deleted > 0
  BEGIN
    DELETE FROM #answer;
    INSERT INTO #answer (kind, deleted) EXEC cardgenius.prune_history @kind = @kind, @keep_days = 90;
    SELECT @deleted = MAX(a.deleted) FROM #answer AS a;
  END;
  SET @place = @place + 1;
END;';

EXEC msdb.dbo.sp_add_jobstep @job_name = @job, @step_name = N'verify', @subsystem = N'TSQL', @database_name = @database,
     @command = N'
SET NOCOUNT ON;
CREATE TABLE #checks (check_name VARCHAR(30) NOT NULL, severity VARCHAR(4) NOT NULL, violations FLOAT NULL, sample VARCHAR(60) NULL);
INSERT INTO #checks (check_name, severity, violations, sample) EXEC cardgenius.verify_database;
DECLARE @broken NVARCHAR(1000) = (SELECT STRING_AGG(CONCAT(c.check_name, N'' ('', c.violations, N'', for example '', c.sample, N'')''), N'', '')
                                  FROM #checks AS c WHERE c.severity = ''fail'' AND c.violations > 0);
IF @broken IS NOT NULL
  THROW 50030, @broken, 1;';

EXEC msdb.dbo.sp_add_jobschedule @job_name = @job, @name = N'Sunday 04:00', @freq_type = 8, @freq_interval = 1,
     @freq_recurrence_factor = 1, @active_start_time = 40000;
EXEC msdb.dbo.sp_add_jobserver @job_name = @job;
