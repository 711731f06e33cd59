-- Purpose   Why users of a run fail, for the text of an alert: the commonest code among the first 1,000 of its users that are
--           failed now, and one reason as an example. Its users are those in the key ranges of its chunks that had any.
-- Answers   one row: code (NULL where the text has none), users (with that code), seen (users looked at), example; none where no
--           user is failed
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, the key of user_spending_data
-- Avoids    reading all that failed: it ends at the thousandth.
-- Callers   cardgenius serve, before it tells an alert about failed users, and its page of a run
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.commonest_failure
  @run_id  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (1) f.code, COUNT(*) AS users, SUM(COUNT(*)) OVER () AS seen, MIN(f.processing_error) AS example
  FROM (
    SELECT DISTINCT TOP (1000) u.user_id, u.code, u.processing_error
    FROM cardgenius.chunk AS c
    JOIN cardgenius.failed_user AS u ON u.user_id BETWEEN c.user_id_from AND c.user_id_to
    WHERE c.run_id = @run_id AND c.failed > 0
  ) AS f
  GROUP BY f.code
  ORDER BY COUNT(*) DESC, f.code;
END;
