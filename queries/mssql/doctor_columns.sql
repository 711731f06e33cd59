-- Purpose   The columns of CashKaro's two tables, and those of ours that were copied from them, as they are now.
-- Answers   one row a column: table_schema, table_name, column_name, data_type, length, precision, scale, collation, nullable,
--           has_default, generated (identity, computed, row version)
-- Locks     none but on the catalogue, for a moment
-- Isolation the session's own
-- Indexes   none
-- Avoids    judging: what is right stands in one place, the program. A column that the caller may not see is not here.
-- Callers   cardgenius doctor; migrate and each start, for the columns that may be missing
-- Grants    VIEW DEFINITION on both tables, for cardgenius_reader

SELECT c.TABLE_SCHEMA AS table_schema, c.TABLE_NAME AS table_name, c.COLUMN_NAME AS column_name,
       LOWER(c.DATA_TYPE) AS data_type, CONVERT(INT, c.CHARACTER_MAXIMUM_LENGTH) AS length,
       CONVERT(INT, c.NUMERIC_PRECISION) AS precision, CONVERT(INT, c.NUMERIC_SCALE) AS scale,
       c.COLLATION_NAME AS collation, CASE c.IS_NULLABLE WHEN 'YES' THEN 1 ELSE 0 END AS nullable,
       CASE WHEN c.COLUMN_DEFAULT IS NULL THEN 0 ELSE 1 END AS has_default,
       CASE WHEN LOWER(c.DATA_TYPE) = 'timestamp'
              OR COLUMNPROPERTY(OBJECT_ID(CONCAT(c.TABLE_SCHEMA, '.', c.TABLE_NAME)), c.COLUMN_NAME, 'IsIdentity') = 1
              OR COLUMNPROPERTY(OBJECT_ID(CONCAT(c.TABLE_SCHEMA, '.', c.TABLE_NAME)), c.COLUMN_NAME, 'IsComputed') = 1
            THEN 1 ELSE 0 END AS generated
FROM INFORMATION_SCHEMA.COLUMNS AS c
WHERE (c.TABLE_SCHEMA = 'dbo' AND c.TABLE_NAME IN ('user_spending_data', 'card_recommendations'))
   OR (c.TABLE_SCHEMA = 'cardgenius' AND c.COLUMN_NAME IN ('user_id', 'user_id_from', 'user_id_to'))
ORDER BY c.TABLE_SCHEMA DESC, c.TABLE_NAME DESC, c.ORDINAL_POSITION;
