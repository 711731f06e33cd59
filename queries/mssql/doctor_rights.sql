-- Purpose   Which of the rights of deploy/sql/grants.sql this login has, and which of its roles it is in. There is no twin for
--           the embedded engine, where everything belongs to the process that opens it.
-- Takes     @wanted, JSON: [{role, right, class (OBJECT | SCHEMA | DATABASE), securable}]
-- Answers   one row a wanted right: role, right, securable, member (1: the login is in the role),
--           granted (1, 0; NULL: no such thing)
-- Locks     none but on the catalogue, for a moment
-- Isolation the session's own
-- Indexes   none
-- Avoids    a second list of rights: the program sends the one that grants.sql holds.
-- Callers   cardgenius doctor
-- Grants    none: a login may always ask for its own rights

SELECT w.role_name AS role, w.right_name AS [right], w.securable,
       COALESCE(IS_ROLEMEMBER(w.role_name), 0) AS member,
       CASE w.class WHEN 'DATABASE' THEN HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', w.right_name)
                    ELSE HAS_PERMS_BY_NAME(w.securable, w.class, w.right_name) END AS granted
FROM OPENJSON(@wanted) WITH (
  role_name   NVARCHAR(128) '$.role',
  right_name  NVARCHAR(128) '$.right',
  class       NVARCHAR(60)  '$.class',
  securable   NVARCHAR(300) '$.securable'
) AS w;
