-- Purpose   What stands on CashKaro's two tables and changes what a write to them does: triggers, filtered indexes, and the keys.
-- Answers   one row each: table_name, kind (trigger | filtered index | key), name, detail
-- Locks     none but on the catalogue, for a moment
-- Isolation the session's own
-- Indexes   none
-- Avoids    judging: the program says what each means. What the caller may not see is not here (VIEW DEFINITION).
-- Callers   cardgenius doctor
-- Grants    VIEW DEFINITION on both tables, for cardgenius_reader

SELECT o.name AS table_name, 'trigger' AS kind, t.name AS name,
       CASE t.is_disabled WHEN 1 THEN 'disabled' ELSE 'enabled' END AS detail
FROM sys.triggers AS t
JOIN sys.objects AS o ON o.object_id = t.parent_id
WHERE t.parent_id IN (OBJECT_ID(N'dbo.user_spending_data'), OBJECT_ID(N'dbo.card_recommendations'))
UNION ALL
SELECT o.name, CASE i.has_filter WHEN 1 THEN 'filtered index' ELSE 'key' END, i.name,
       CASE i.has_filter WHEN 1 THEN i.filter_definition COLLATE DATABASE_DEFAULT
            ELSE (SELECT STRING_AGG(CAST(c.name AS NVARCHAR(200)) COLLATE DATABASE_DEFAULT, ' ') WITHIN GROUP (ORDER BY ic.key_ordinal)
                  FROM sys.index_columns AS ic
                  JOIN sys.columns AS c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
                  WHERE ic.object_id = i.object_id AND ic.index_id = i.index_id AND ic.key_ordinal > 0) END
FROM sys.indexes AS i
JOIN sys.objects AS o ON o.object_id = i.object_id
WHERE i.object_id IN (OBJECT_ID(N'dbo.user_spending_data'), OBJECT_ID(N'dbo.card_recommendations'))
  AND (i.has_filter = 1 OR (i.is_unique = 1 AND i.is_disabled = 0));
