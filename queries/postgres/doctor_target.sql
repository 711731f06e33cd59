-- Purpose   What stands on CashKaro's two tables and changes what a write to them does: triggers, and the keys.
-- Answers   one row each: table_name, kind (trigger | key), name, detail
-- Locks     none but on the catalogue, for a moment
-- Callers   cardgenius doctor
-- Grants    none

SELECT c.relname AS table_name, 'trigger' AS kind, t.tgname AS name,
       CASE t.tgenabled WHEN 'D' THEN 'disabled' ELSE 'enabled' END AS detail
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.oid IN ('public.user_spending_data'::regclass, 'public.card_recommendations'::regclass)
UNION ALL
SELECT c.relname, 'key', x.relname,
       (SELECT string_agg(a.attname, ' ' ORDER BY k.place)
        FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL
  AND c.oid IN ('public.user_spending_data'::regclass, 'public.card_recommendations'::regclass);
