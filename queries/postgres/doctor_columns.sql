-- Purpose   The columns of CashKaro's two tables, and those of ours that were copied from them, as they are now.
-- Answers   one row a column: table_schema, table_name, column_name, data_type, length, precision, scale, collation, nullable,
--           has_default, generated (identity, computed)
-- Locks     none but on the catalogue, for a moment
-- Reads     pg_attribute and not information_schema.columns, which takes a start of the embedded engine 80 ms more; of columns that the
--           login may not read, it shows none either
-- Callers   cardgenius doctor; migrate and each start, for the columns that may be missing
-- Grants    none

SELECT CASE n.nspname WHEN 'public' THEN 'dbo' ELSE n.nspname END AS table_schema, c.relname::TEXT AS table_name,
       a.attname::TEXT AS column_name,
       CASE real.name WHEN 'character varying' THEN 'varchar' WHEN 'character' THEN 'char' WHEN 'numeric' THEN 'decimal'
                      WHEN 'integer' THEN 'int' ELSE real.name END AS data_type,
       information_schema._pg_char_max_length(real.type, real.modifier) AS length,
       information_schema._pg_numeric_precision(real.type, real.modifier) AS precision,
       information_schema._pg_numeric_scale(real.type, real.modifier) AS scale,
       CASE WHEN a.attcollation NOT IN (0, 'default'::REGCOLLATION)
            THEN (SELECT l.collname::TEXT FROM pg_collation AS l WHERE l.oid = a.attcollation) END AS collation,
       CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 0 ELSE 1 END AS nullable,
       CASE WHEN a.atthasdef AND a.attgenerated = '' THEN 1 ELSE 0 END AS has_default,
       CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' THEN 1 ELSE 0 END AS generated
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
CROSS JOIN LATERAL (
  SELECT y.oid AS type, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier,
         CASE WHEN y.typelem <> 0 AND y.typlen = -1 THEN 'ARRAY'
              WHEN y.typnamespace = 'pg_catalog'::REGNAMESPACE THEN format_type(y.oid, NULL) ELSE 'USER-DEFINED' END AS name
  FROM pg_type AS y WHERE y.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
) AS real
WHERE c.relkind IN ('r', 'p', 'v', 'f')
  AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'))
  AND ((n.nspname = 'public' AND c.relname IN ('user_spending_data', 'card_recommendations'))
    OR (n.nspname = 'cardgenius' AND c.relkind <> 'v' AND a.attname IN ('user_id', 'user_id_from', 'user_id_to')))
ORDER BY n.nspname DESC, c.relname DESC, a.attnum;
