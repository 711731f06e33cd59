-- Twin of queries/mssql/doctor_rights.sql. Differs in: Purpose, Takes.
-- Purpose   Which of the rights of deploy/sql/postgres/grants.sql this login has, and which of its roles it is in. Not asked of the
--           embedded engine, where everything belongs to the process that opens it.
-- Takes     $1, JSON: [{role, right, class (FUNCTION | TABLE | SCHEMA), securable}]
-- Locks     none but on the catalogue, for a moment
-- Callers   cardgenius doctor
-- Grants    none: a login may always ask for its own rights

SELECT w.role, w.right, w.securable,
       COALESCE(pg_has_role(to_regrole(w.role), 'USAGE'), FALSE)::INTEGER AS member,
       CASE w.class
         WHEN 'SCHEMA' THEN has_schema_privilege(to_regnamespace(w.securable), w.right)
         WHEN 'TABLE' THEN has_table_privilege(to_regclass(w.securable), w.right)
         ELSE (SELECT bool_and(has_function_privilege(p.oid, w.right)) FROM pg_proc AS p
               WHERE p.pronamespace = to_regnamespace(split_part(w.securable, '.', 1))
                 AND p.proname = split_part(w.securable, '.', 2))
       END::INTEGER AS granted
FROM jsonb_to_recordset($1::JSONB) AS w (role TEXT, "right" TEXT, class TEXT, securable TEXT);
