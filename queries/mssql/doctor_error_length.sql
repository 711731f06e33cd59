-- Purpose   At how many characters a publish cuts the reason of a failure. There is no twin for the embedded engine, which looks
--           at the column itself; here it was written down by migration 0003, because a login that may only execute procedures cannot see it.
-- Answers   one row: error_length
-- Locks     shared, one row
-- Isolation the session's own
-- Indexes   pk_contract_shape
-- Avoids    judging: the program compares it with the column.
-- Callers   cardgenius doctor
-- Grants    SELECT on cardgenius.contract_shape; without it doctor says that it may not see

SELECT s.error_length
FROM cardgenius.contract_shape AS s;
