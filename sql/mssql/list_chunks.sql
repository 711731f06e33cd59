-- Purpose   The chunks of a run in order, from a number on: a cell each for people to look at. Its attempt is the latest.
-- Answers   chunk_no, round, state, users (planned until the first claim), completed, failed, changed, gone, attempt,
--           failures, lease_owner and lease_until (NULL without a lease), started_at of its attempt, closed_at,
--           error_code and error_message of its last failure, first_cards_known and first_cards_changed (NULL: not looked at); at
--           most @chunks rows
-- Locks     none (NOLOCK): this only shows. A publish holds its chunk's row for seconds, and the page must not wait for it; a
--           cell may be ahead of its commit by that long.
-- Isolation READ UNCOMMITTED
-- Indexes   pk_chunk, pk_chunk_attempt
-- Avoids    OFFSET paging.
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_chunks
  @run_id          BIGINT,
  @after_chunk_no  INT,                       -- 0: from the first
  @chunks          INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@chunks) c.chunk_no, c.round, c.state, COALESCE(c.users, c.planned_users) AS users, c.completed, c.failed,
         c.changed, c.gone, c.claims AS attempt, c.failures,
         CASE c.state WHEN 'leased' THEN c.lease_owner END AS lease_owner,
         CASE c.state WHEN 'leased' THEN c.lease_until END AS lease_until,
         a.started_at, c.closed_at, c.error_code, c.error_message,
         c.first_cards_known, c.first_cards_changed
  FROM cardgenius.chunk AS c WITH (NOLOCK)
  LEFT JOIN cardgenius.chunk_attempt AS a WITH (NOLOCK)
    ON a.run_id = c.run_id AND a.chunk_no = c.chunk_no AND a.attempt = c.claims
  WHERE c.run_id = @run_id AND c.chunk_no > @after_chunk_no
  ORDER BY c.chunk_no;
END;
