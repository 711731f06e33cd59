import type { PostgresClient } from '../../database/postgres/postgres-driver.ts';
import { timed } from './rounds.ts';

/** What the database needs to take in the final rows by itself: no status, no fence, no history. */
export interface RawFigures {
  readonly seconds: number;
  /** Bytes that it writes to its log (WAL) meanwhile. */
  readonly logBytes: number;
}

/** Bytes of log that a step makes. A checkpoint goes before, so that a page is logged whole once on both sides of a comparison. */
export async function logBytesOf(client: PostgresClient, step: () => Promise<unknown>): Promise<number> {
  await client.query('CHECKPOINT').catch(() => {}); // a login that may not: the first pages are logged whole
  const [before] = await client.query<{ at: string }>('SELECT pg_current_wal_insert_lsn()::TEXT AS at');
  await step();
  const [after] = await client.query<{ bytes: number }>(
    'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::TEXT::PG_LSN)::FLOAT8 AS bytes',
    [before!.at],
  );
  return after!.bytes;
}

/** The rows of a run that has ended, in key order: a binary COPY of `columns` for each chunk that is done. */
export async function* copyChunks(client: PostgresClient, runId: number, columns: string): AsyncGenerator<Uint8Array> {
  const ranges = await client.query<{ low: string; high: string }>(
    `SELECT c.user_id_from::TEXT AS low, c.user_id_to::TEXT AS high
     FROM cardgenius.chunk AS c WHERE c.run_id = $1 AND c.state = 'done' ORDER BY c.chunk_no`,
    [runId],
  );
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  for (const { low, high } of ranges) {
    yield client.copyOut(
      `(SELECT ${columns} FROM public.card_recommendations WHERE user_id BETWEEN ${literal(low)} AND ${literal(high)} ORDER BY user_id, rank)`,
    );
  }
}

/** The table that the rows are copied into: with the contract's key alone, or with all indexes and checks that the contract table has now. */
const TABLES = {
  key: 'CREATE TABLE cardgenius.bench_raw (LIKE public.card_recommendations, PRIMARY KEY (user_id, rank))',
  asMade: 'CREATE TABLE cardgenius.bench_raw (LIKE public.card_recommendations INCLUDING ALL)',
};

/**
 * The harsher floor: the rows of a run that has ended, by plain COPY into such a table, in the same database, a COPY a chunk in key order.
 * Reading them out is not part of it.
 */
export async function measureRaw(
  client: PostgresClient,
  runId: number,
  table: keyof typeof TABLES,
): Promise<RawFigures> {
  await client.query('DROP TABLE IF EXISTS cardgenius.bench_raw');
  await client.query(TABLES[table]);
  // The first reader of a row marks it as committed; where pages have checksums, that is logged, and is no part of the raw load.
  await client.query('SELECT COUNT(*) FROM public.card_recommendations');
  let seconds = 0;
  const logBytes = await logBytesOf(client, async () => {
    for await (const bytes of copyChunks(client, runId, '*')) {
      seconds += await timed(() => client.copyIn('cardgenius.bench_raw', bytes));
    }
  });
  await client.query('DROP TABLE cardgenius.bench_raw');
  return { seconds, logBytes };
}
