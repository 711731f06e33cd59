-- Purpose   The columns of CashKaro's two tables, and those of ours that were copied from them, as they are now.
-- Answers   one row a column: table_schema, table_name, column_name, data_type, length, precision, scale, collation, nullable,
--           has_default, generated (identity, computed)
-- Locks     none but on the catalogue, for a moment
-- Callers   cardgenius doctor; migrate and each start, for the columns that may be missing
-- Grants    none

SELECT CASE c.table_schema WHEN 'public' THEN 'dbo' ELSE c.table_schema END AS table_schema, c.table_name, c.column_name,
       CASE c.data_type WHEN 'character varying' THEN 'varchar' WHEN 'character' THEN 'char' WHEN 'numeric' THEN 'decimal'
                        WHEN 'integer' THEN 'int' ELSE c.data_type END AS data_type,
       c.character_maximum_length::INTEGER AS length, c.numeric_precision::INTEGER AS precision,
       c.numeric_scale::INTEGER AS scale,
       c.collation_name AS collation, CASE c.is_nullable WHEN 'YES' THEN 1 ELSE 0 END AS nullable,
       CASE WHEN c.column_default IS NULL THEN 0 ELSE 1 END AS has_default,
       CASE WHEN c.is_identity = 'YES' OR c.is_generated = 'ALWAYS' THEN 1 ELSE 0 END AS generated
FROM information_schema.columns AS c
WHERE (c.table_schema = 'public' AND c.table_name IN ('user_spending_data', 'card_recommendations'))
   OR (c.table_schema = 'cardgenius' AND c.column_name IN ('user_id', 'user_id_from', 'user_id_to')
       AND c.table_name NOT IN (SELECT v.table_name FROM information_schema.views AS v WHERE v.table_schema = 'cardgenius'))
ORDER BY c.table_schema DESC, c.table_name DESC, c.ordinal_position;
