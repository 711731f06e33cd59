/**
 * The hot statements read the same rows whatever the planner believes: statistics taken of empty tables, of full ones, of another
 * load, or none, with an empty target and a full one. Counted as rows read, because time says nothing on a busy machine.
 */
import { type ContractEngine, claim, count, importUsers, load, openRun, reset, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

const USERS = 500;
/** The claim, ten staged rows a user, their cards, the target, the look afterwards: a scan for each user would be hundreds of times it. */
const ROWS_A_USER = 150;

const TABLES = [
  'cardgenius.chunk_user',
  'cardgenius.completed_user',
  'cardgenius.run_card',
  'cardgenius.staged_recommendation',
  'cardgenius.staged_outcome',
  'public.card_recommendations',
  'public.user_spending_data',
];

type Statistics = 'taken empty' | 'taken full' | 'of another load' | 'none';

export const statisticsContract: ContractTests = {
  'plans: under every state of statistics a chunk is published by the same rows read': async (t, engine) => {
    if (engine.target.dialect === 'mssql') {
      t.log(
        'SKIPPED: on SQL Server hints fix the plans, which test/unit/sql-text.test.ts reads; rows read are not to be had here.',
      );
      t.pass();
      return;
    }
    for (const target of ['empty', 'full'] as const) {
      const read = new Map<Statistics, number>();
      for (const statistics of ['taken full', 'taken empty', 'of another load', 'none'] as const) {
        await reset(engine);
        read.set(statistics, await rowsRead(engine, statistics, target));
        t.is(await count(engine, 'card_recommendations'), USERS * 10);
      }
      t.log(`target ${target}: ${[...read].map(([statistics, rows]) => `${statistics} ${rows}`).join(', ')}`);
      const [least, most] = [Math.min(...read.values()), Math.max(...read.values())];
      t.true(least > USERS * 10, 'the counters count');
      t.true(most < USERS * ROWS_A_USER, `${most} rows read`);
      t.true(most < 2 * least, `from ${least} to ${most} rows read`);
    }
  },

  'plans: a page of an export or of a list reads its own users alone, wherever it lies': async (t, engine) => {
    if (engine.target.dialect === 'mssql') {
      t.log('SKIPPED: rows read are not to be had here.');
      t.pass();
      return;
    }
    await importUsers(engine, USERS);
    await oneChunk(engine, 0);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'failed'");
    const [after, last] = [userId(USERS - 10), userId(USERS - 5)];
    const pages = [
      `export_recommendations('${after}', 5)`,
      `list_recommendations('${after}', '${last}')`,
      `list_spending('${after}', 5)`,
      `list_failures('${after}', 5)`,
    ];
    for (const page of pages) {
      const before = await readSoFar(engine);
      t.true((await engine.query(`SELECT * FROM cardgenius.${page}`)).length >= 5, page);
      const rows = (await readSoFar(engine)) - before;
      t.true(rows <= 200, `${page}: ${rows} rows read`);
    }
  },
};

/** Rows that publish, first cards and check read, over all tables. */
async function rowsRead(engine: ContractEngine, statistics: Statistics, target: 'empty' | 'full'): Promise<number> {
  const { query, execute } = engine;
  const analyze = async () => {
    for (const table of TABLES) await execute(`ANALYZE ${table}`);
  };
  if (statistics === 'none') {
    const oids = TABLES.map(table => `'${table}'::regclass`).join(', ');
    await execute(`DELETE FROM pg_statistic WHERE starelid IN (${oids})`);
    await execute(`UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid IN (${oids})`);
  }
  if (statistics === 'taken empty') await analyze();
  if (target === 'full') {
    await importUsers(engine, USERS);
    await oneChunk(engine, 0);
  }
  if (statistics === 'of another load') {
    await importUsers(engine, 4, n => n * 300);
    const { runId } = await openRun(engine);
    await load(engine, await claim(engine, runId));
    await analyze();
    await engine.database.changeRunState(runId, 'cancelled', 'by the suite');
  }
  await importUsers(engine, USERS, n => n * 700);
  const { runId } = await openRun(engine, { chunkSize: USERS });
  const lease = await claim(engine, runId);
  const loadNo = await load(engine, lease, { shift: 1 });
  if (statistics === 'taken full') await analyze();

  const chunk = `p_run_id => ${runId}, p_chunk_no => ${lease.chunkNo}`;
  const before = await readSoFar(engine);
  await query(
    `SELECT * FROM cardgenius.compare_first_cards(${chunk}, p_token => '${lease.token}', p_load_no => ${loadNo}, p_users => ${USERS})`,
  );
  await query(
    `SELECT * FROM cardgenius.publish_chunk(${chunk}, p_token => '${lease.token}', p_load_no => ${loadNo}, p_user_no_from => NULL,
       p_user_no_to => NULL, p_failure_code => NULL, p_failure_message => NULL, p_compute_ms => 1, p_load_ms => 1)`,
  );
  await query(`SELECT * FROM cardgenius.check_chunk(${chunk})`);
  return (await readSoFar(engine)) - before;
}

async function oneChunk(engine: ContractEngine, shift: number): Promise<void> {
  const { runId } = await openRun(engine, { chunkSize: USERS });
  const lease = await claim(engine, runId);
  const loadNo = await load(engine, lease, { shift });
  await engine.database.publishChunk(lease, { loadNo, span: null, failure: null, computeMs: 1, loadMs: 1 });
  await engine.database.advanceRun(runId);
}

async function readSoFar({ query }: ContractEngine): Promise<number> {
  await query('SELECT pg_stat_force_next_flush()');
  const [row] = await query(
    `SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) AS rows FROM pg_stat_user_tables WHERE schemaname IN ('cardgenius', 'public')`,
  );
  return Number(row!.rows);
}
