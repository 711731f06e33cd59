/** The optional columns of the contract tables: each is kept up where it is, and none is needed. */
import type { ExecutionContext } from 'ava';
import { optionalColumns } from '../../src/model/contract.ts';
import { type ContractEngine, claim, count, importUsers, openRun, process, userId } from './context.ts';
import { prdQueriesContract } from './prd-queries.ts';
import { publishContract } from './publish.ts';
import type { ContractTests } from './suite.ts';

/** What to ask of a column, or undefined where the table lacks it. */
async function columnsOf({ target }: ContractEngine): Promise<(name: string) => boolean> {
  const there = new Set(optionalColumns(await target.contractColumns()));
  return name => there.has(name);
}

/** Where rows of CashKaro's that exist before a run are given old times, so that a new one shows on any type. */
const OLD = "'2001-02-03T00:00:00'";

async function makeOld(engine: ContractEngine, has: (name: string) => boolean): Promise<void> {
  for (const table of ['user_spending_data', 'card_recommendations']) {
    for (const column of ['last_processed_at', 'created_at', 'updated_at', 'processed_at']) {
      if (has(`${table}.${column}`)) await engine.execute(`UPDATE ${table} SET ${column} = ${OLD}`);
    }
  }
}

/** The rows whose time is not the old one any more; -1 where there is no such column. */
async function fresh(engine: ContractEngine, has: (name: string) => boolean, column: string, where = '1 = 1') {
  if (!has(column)) return -1;
  const [table, name] = column.split('.');
  return count(engine, table!, `${name} > '2020-01-01' AND ${where}`);
}

const expect = async (
  t: ExecutionContext,
  engine: ContractEngine,
  has: (name: string) => boolean,
  column: string,
  rows: number,
  where?: string,
) => t.is(await fresh(engine, has, column, where), has(column) ? rows : -1, `${column} ${where ?? ''}`);

export const columnsContract: ContractTests = {
  'columns: an import says when a user was created and updated, and a claim when the user was set to pending': async (
    t,
    engine,
  ) => {
    const has = await columnsOf(engine);
    await importUsers(engine, 3);
    await expect(t, engine, has, 'user_spending_data.created_at', 3);
    await expect(t, engine, has, 'user_spending_data.updated_at', 3);
    await makeOld(engine, has);
    await importUsers(engine, 2, n => n * 200);
    await expect(t, engine, has, 'user_spending_data.created_at', 0);
    await expect(t, engine, has, 'user_spending_data.updated_at', 2);
    await makeOld(engine, has);
    const { runId } = await openRun(engine);
    await claim(engine, runId);
    await expect(t, engine, has, 'user_spending_data.updated_at', 3);
    await expect(t, engine, has, 'user_spending_data.last_processed_at', 0);
  },

  'columns: each row of a processed user carries the time and the batch, and updated_at only where the content changed':
    async (t, engine) => {
      const has = await columnsOf(engine);
      await importUsers(engine, 3);
      const first = await openRun(engine);
      await process(engine, await claim(engine, first.runId), { failed: [3] });
      await expect(t, engine, has, 'user_spending_data.last_processed_at', 3);
      await expect(t, engine, has, 'card_recommendations.created_at', 20);
      await expect(t, engine, has, 'card_recommendations.updated_at', 20);
      await expect(t, engine, has, 'card_recommendations.processed_at', 20);
      const [run] = await engine.query(`SELECT batch_id FROM cardgenius.run WHERE run_id = ${first.runId}`);
      t.regex(String(run!.batch_id), /^BATCH_\d{8}_\d{3,}$/);
      t.is((await engine.database.readRun(first.runId))?.batchId, String(run!.batch_id));
      if (has('card_recommendations.batch_id')) {
        t.is(await count(engine, 'card_recommendations', `batch_id = '${run!.batch_id}'`), 20);
      }
      if (has('card_recommendations.card_id')) {
        t.is(
          await count(engine, 'card_recommendations', "card_id = card_name AND rank = 1 AND card_name = 'Card 00'"),
          2,
        );
      }

      // The second week: user 1 is computed again and gets the same cards, user 2 another first card.
      await engine.database.advanceRun(first.runId);
      await engine.execute(
        "UPDATE user_spending_data SET processing_status = 'new' WHERE processing_status = 'completed'",
      );
      await makeOld(engine, has);
      const second = await openRun(engine);
      const lease = await claim(engine, second.runId);
      const published = await process(engine, lease);
      t.like(published, { completed: 2, rowsWritten: 0, rowsUnchanged: 20 });
      await expect(t, engine, has, 'card_recommendations.updated_at', 0);
      await expect(t, engine, has, 'card_recommendations.created_at', 0);
      await expect(t, engine, has, 'card_recommendations.processed_at', 20);
      await expect(t, engine, has, 'user_spending_data.last_processed_at', 2, `user_id <> '${userId(3)}'`);
      const [later] = await engine.query(`SELECT batch_id FROM cardgenius.run WHERE run_id = ${second.runId}`);
      t.true(String(later!.batch_id) > String(run!.batch_id), `${later!.batch_id} after ${run!.batch_id}`);
      if (has('card_recommendations.batch_id')) {
        t.is(await count(engine, 'card_recommendations', `batch_id = '${later!.batch_id}'`), 20);
      }
    },

  'columns: with stampUnchanged off, rows that do not change are not written': async (t, engine) => {
    const has = await columnsOf(engine);
    await importUsers(engine, 1);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    await makeOld(engine, has);
    const { runId } = await openRun(engine, { stampUnchanged: false });
    t.like(await process(engine, await claim(engine, runId)), { completed: 1, rowsUnchanged: 10 });
    await expect(t, engine, has, 'card_recommendations.processed_at', 0);
    await expect(t, engine, has, 'user_spending_data.last_processed_at', 1);
  },

  'columns: a user whose spends changed meanwhile is updated, and was not processed': async (t, engine) => {
    const has = await columnsOf(engine);
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    await makeOld(engine, has);
    await engine.execute(`UPDATE user_spending_data SET avg_ajio_gmv = 7 WHERE user_id = '${userId(1)}'`);
    t.like(await process(engine, lease), { completed: 1, changed: 1 });
    await expect(t, engine, has, 'user_spending_data.last_processed_at', 1);
    await expect(t, engine, has, 'user_spending_data.updated_at', 2);
  },

  'columns: retry and the end of a run are writes, too': async (t, engine) => {
    const has = await columnsOf(engine);
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    await makeOld(engine, has);
    t.is(await engine.audit.retryUsers({ runId: null, userId: null, code: 'INVALID_SPENDING' }), 1);
    await expect(t, engine, has, 'user_spending_data.updated_at', 1);
  },

  'retry of users who failed longer ago: by last_processed_at, or by when their chunk was closed': async (
    t,
    engine,
  ) => {
    const has = await columnsOf(engine);
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    const filter = { runId: null, userId: null, code: null, olderThanSeconds: 3_600 };
    t.is(await engine.audit.retryUsers(filter), 0, 'failed just now');
    await makeOld(engine, has);
    await engine.execute(`UPDATE cardgenius.chunk SET closed_at = ${OLD} WHERE closed_at IS NOT NULL`);
    t.is(await engine.audit.retryUsers(filter), 1);
    t.deepEqual(await engine.query("SELECT user_id FROM user_spending_data WHERE processing_status = 'new'"), [
      { user_id: userId(1) },
    ]);
  },

  'batch_id: the day where the schedule is, the number within it, and never below the last one': async (t, engine) => {
    await engine.execute("UPDATE cardgenius.last_batch SET batch_day = '00000000', batch_no = 0");
    const next = async (at: string, offset: number) => {
      const [row] = await engine.query(
        engine.target.dialect === 'postgres'
          ? `SELECT cardgenius.next_batch_id(${offset}, TIMESTAMPTZ '${at}Z') AS batch_id`
          : `DECLARE @id VARCHAR(50);
             EXEC cardgenius.next_batch_id @utc_offset = ${offset}, @now = '${at}', @batch_id = @id OUTPUT;
             SELECT @id AS batch_id;`,
      );
      return row!.batch_id;
    };
    t.is(await next('2025-10-06T20:00:00', 330), 'BATCH_20251007_001', 'past midnight in Kolkata');
    t.is(await next('2025-10-07T10:00:00', 330), 'BATCH_20251007_002');
    t.is(await next('2025-10-07T01:00:00', -300), 'BATCH_20251007_003', 'another zone, where it is still the 6th');
    t.is(await next('2025-10-01T01:00:00', 330), 'BATCH_20251007_004', 'the clock was set back');
    t.is(await next('2025-10-08T01:00:00', 330), 'BATCH_20251008_001');
    await engine.execute('UPDATE cardgenius.last_batch SET batch_no = 999');
    t.is(await next('2025-10-08T02:00:00', 330), 'BATCH_20251008_1000', 'at least three digits');
    await engine.execute("UPDATE cardgenius.last_batch SET batch_day = '00000000', batch_no = 0");
  },

  'batch_id: a dry run takes none': async (t, engine) => {
    await importUsers(engine, 1);
    const dry = await openRun(engine, { kind: 'dry_run' });
    await process(engine, await claim(engine, dry.runId));
    await engine.database.advanceRun(dry.runId);
    const { runId } = await openRun(engine);
    const rows = await engine.query('SELECT run_id, batch_id FROM cardgenius.run ORDER BY run_id');
    t.deepEqual(
      rows.map(row => row.batch_id === null),
      [true, false],
    );
    t.is(Number(rows[1]!.run_id), runId);
    t.regex(String(rows[1]!.batch_id), /_\d{3,}$/);
  },
};

/** What must work on tables of any make: a whole run, a second week, a failed user, and what operators ask. */
export const foreignTablesContract: ContractTests = {
  ...columnsContract,
  ...prdQueriesContract,
  ...Object.fromEntries(
    Object.entries(publishContract).filter(([title]) =>
      /ten ranks replace|failed user keeps|deleted is gone/.test(title),
    ),
  ),
};
