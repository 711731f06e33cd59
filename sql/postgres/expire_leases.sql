-- No twin in sql/mssql: a server has other processors; only the embedded engine is certain to have one.
-- Purpose   Ends all living leases at once, that of the leader among them. Only where it is certain that no other processor lives: the embedded engine
--           has one process at a time, so a start takes over what a killed one left.
-- Answers   one row: how many of chunks
-- Locks     the leased rows of chunk; the row of leader
-- Isolation READ COMMITTED
-- Indexes   ix_chunk_claim, pk_leader
-- Callers   the opening of the embedded engine, under its lock file
-- Grants    none: on a PostgreSQL server none of our roles may call it

CREATE OR REPLACE FUNCTION cardgenius.expire_leases()
RETURNS TABLE (expired INTEGER)
LANGUAGE sql AS $$
  WITH ended AS (
    UPDATE cardgenius.chunk SET lease_until = '-infinity' WHERE state = 'leased' RETURNING 1
  ), resigned AS (
    UPDATE cardgenius.leader SET lease_until = '-infinity'
  )
  SELECT COUNT(*)::INTEGER FROM ended;
$$;
