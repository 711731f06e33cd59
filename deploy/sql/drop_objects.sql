-- Purpose   Drops every procedure, view and function of the schema cardgenius, and forgets them in its list, so that tables can be
--           taken back migration by migration: docs/dba-guide.md, The way back.
-- Run it    by a db_owner, after a backup, with every processor stopped
-- Locks     Sch-M on each object, for a moment
-- Way back  cardgenius migrate, then grants.sql

DECLARE @drop NVARCHAR(MAX) = (
  SELECT STRING_AGG(CAST(CONCAT(N'DROP ', CASE o.type WHEN 'P' THEN N'PROCEDURE' WHEN 'V' THEN N'VIEW' ELSE N'FUNCTION' END, N' cardgenius.', QUOTENAME(o.name), N';')
                         AS NVARCHAR(MAX)), N' ')
  FROM sys.objects AS o WHERE o.schema_id = SCHEMA_ID(N'cardgenius') AND o.type IN ('P', 'V', 'FN'));
EXEC sp_executesql @drop;
IF NOT EXISTS (SELECT 1 FROM sys.objects AS o WHERE o.schema_id = SCHEMA_ID(N'cardgenius') AND o.type IN ('P', 'V', 'FN'))
  DELETE FROM cardgenius.migration WHERE name LIKE 'object:%';
