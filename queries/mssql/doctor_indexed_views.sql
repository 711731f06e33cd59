-- Purpose   Indexed views over card_recommendations: each row that a publish writes is then written there as well, and needs
--           its writer's SET options. No twin: PostgreSQL has no views that a write keeps up to date.
-- Answers   one row a view: name
-- Locks     none but on the catalogue, for a moment
-- Isolation the session's own
-- Indexes   none
-- Avoids    one query for all: a login that may not see what depends on what learns the rest from doctor_target.
-- Callers   cardgenius doctor
-- Grants    VIEW DEFINITION on the database to see views of other schemas; without it there are none to see

SELECT DISTINCT CONCAT(s.name, '.', v.name) AS name
FROM sys.views AS v
JOIN sys.schemas AS s ON s.schema_id = v.schema_id
JOIN sys.indexes AS i ON i.object_id = v.object_id
JOIN sys.sql_expression_dependencies AS d ON d.referencing_id = v.object_id
WHERE d.referenced_id IN (OBJECT_ID(N'dbo.user_spending_data'), OBJECT_ID(N'dbo.card_recommendations'));
