-- Purpose  The schema that holds everything of ours, and the record of what was applied to it.
-- Locks    none that outlive the statement; nobody else knows these objects yet.
-- Callers  cardgenius migrate
-- Grants   db_owner: a schema for dbo can only be made by who may act as dbo
-- Way back DROP TABLE cardgenius.migration; DROP SCHEMA cardgenius; once the later migrations are taken back.

-- OPENJSON, which open_run reads the cards with, came with level 130. Babelfish has it at any level.
IF SERVERPROPERTY('BabelfishVersion') IS NULL
AND EXISTS (SELECT 1 FROM sys.databases AS d WHERE d.database_id = DB_ID() AND d.compatibility_level < 130)
  THROW 50007, 'the compatibility level of this database is below 130: ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150', 1;
GO

-- Owned by dbo, as the contract tables are: so that ownership chains, and who may execute a procedure of ours needs no
-- right on any table.
CREATE SCHEMA cardgenius AUTHORIZATION dbo;
GO

CREATE TABLE cardgenius.migration (
  name        VARCHAR(200)  NOT NULL,                       -- 0001_migration, or object:claim_chunk
  checksum    CHAR(64)      NOT NULL,                       -- SHA-256 of the file, line ends as LF
  breaking    BIT           NOT NULL CONSTRAINT df_migration_breaking DEFAULT 0,  -- an older program must not work on this schema
  applied_at  DATETIME2(3)  NOT NULL CONSTRAINT df_migration_applied_at DEFAULT SYSUTCDATETIME(),
  applied_by  NVARCHAR(128) NOT NULL CONSTRAINT df_migration_applied_by DEFAULT ORIGINAL_LOGIN(),
  CONSTRAINT pk_migration PRIMARY KEY CLUSTERED (name)
);
