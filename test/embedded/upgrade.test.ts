/** From the schema of the last release to this one, with a run open; and what stops who must not work on it. */
import { join } from 'node:path';
import test from 'ava';
import { runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { operationsOf } from '../../src/database/database.ts';
import { checkSchema, migrate } from '../../src/database/migrate/migrate.ts';
import { SchemaWatch } from '../../src/database/migrate/schema-watch.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { type ContractEngine, claim, count, FINGERPRINT, importUsers, process, userId } from '../contract/context.ts';
import { copyDatabase } from '../support/kept.ts';

async function opened(): Promise<{ pglite: Pglite; engine: ContractEngine }> {
  const pglite = new Pglite(await copyDatabase('new'));
  const engine = {
    ...operationsOf(postgresDriver(pglite, { description: 'pglite:memory', vacuums: false })),
    target: new PostgresMigrationTarget(pglite),
    execute: (sql: string) => pglite.transaction([{ sql }]),
    query: (sql: string) => pglite.query<Record<string, unknown>>(sql),
  };
  return { pglite, engine };
}

test('a run that is open while the schema is upgraded gets a batch and goes on', async t => {
  const { pglite, engine } = await opened();
  const released = (await readSqlFiles('postgres')).filter(({ kind, name }) => kind === 'migration' && name < '0009');
  for (const file of released) await engine.target.applyFile(file);
  await engine.execute(`INSERT INTO user_spending_data (user_id, avg_amazon_gmv) VALUES ('${userId(1)}', 100)`);
  const planned = await pglite.query<{ run_id: number }>(
    `INSERT INTO cardgenius.run (kind, state, active_key, engine_name, engine_version, fingerprint, chunk_size, requested_by, started_at)
     VALUES ('batch', 'running', 0, 'contract', '1', '${FINGERPRINT}', 4, 'the last release', now()) RETURNING run_id`,
  );
  const runId = Number(planned[0]!.run_id);
  await engine.execute(
    `INSERT INTO cardgenius.run_card (run_id, card_no, card_name, joining_fees, redemption_method, redemption_rate, definition)
     SELECT ${runId}, n, 'Card ' || n, 0, 'Vouchers', 0.25, '{"id":"card_' || n || '"}' FROM generate_series(0, 11) AS n`,
  );
  await engine.execute(
    `INSERT INTO cardgenius.chunk (run_id, chunk_no, round, state, user_id_from, user_id_to, planned_users, not_before)
     VALUES (${runId}, 1, 1, 'open', '${userId(1)}', '${userId(1)}', 1, now())`,
  );

  await migrate(engine.target, { addContractColumns: true });
  await checkSchema(engine.target);
  t.like(await process(engine, await claim(engine, runId)), { completed: 1, rowsWritten: 10 });
  const [row] = await engine.query(
    'SELECT c.batch_id, c.card_id, r.batch_id AS run_batch FROM card_recommendations AS c CROSS JOIN cardgenius.run AS r WHERE c.rank = 1',
  );
  t.regex(String(row!.run_batch), /^BATCH_\d{8}_001$/);
  t.is(row!.batch_id, row!.run_batch);
  t.is(row!.card_id, 'card_0', 'the catalogue’s id, from what the run had written down of the card');
  await engine.database.close();
});

test('a database of a newer breaking schema is refused, and so are columns that came or went since', async t => {
  const { engine } = await opened();
  await migrate(engine.target);
  await engine.execute('ALTER TABLE card_recommendations DROP COLUMN batch_id CASCADE'); // the view stored_row goes with it
  const gone = await t.throwsAsync(checkSchema(engine.target), { code: 'SCHEMA_OUTDATED' });
  t.regex(gone!.message, /card_recommendations\.batch_id went\. Run "cardgenius migrate" again/);
  await migrate(engine.target);
  await checkSchema(engine.target);
  await engine.execute('ALTER TABLE card_recommendations ADD COLUMN batch_id VARCHAR(50)');
  await t.throwsAsync(checkSchema(engine.target), { code: 'SCHEMA_OUTDATED', message: /batch_id came/ });
  await migrate(engine.target);
  t.is(await count(engine, 'card_recommendations'), 0);

  await engine.execute('ALTER TABLE card_recommendations ADD COLUMN shop_no INTEGER NOT NULL');
  const extra = await t.throwsAsync(checkSchema(engine.target), { code: 'CONTRACT_COLUMN' });
  t.regex(extra!.message, /card_recommendations\.shop_no is NOT NULL without a default/);
  await t.throwsAsync(migrate(engine.target), { code: 'CONTRACT_COLUMN' });
  await engine.execute('ALTER TABLE card_recommendations ALTER COLUMN shop_no SET DEFAULT 0');
  await checkSchema(engine.target);

  await engine.execute(
    "INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ('9999_next', repeat('0', 64), TRUE)",
  );
  await t.throwsAsync(checkSchema(engine.target), { code: 'SCHEMA_TOO_NEW', message: /9999_next, a breaking change/ });
  await engine.database.close();
});

test('a processor at work that meets a newer breaking schema gives back its chunks, and says why', async t => {
  const { engine } = await opened();
  await migrate(engine.target);
  await importUsers(engine, 9);
  using watch = new SchemaWatch(engine.target, 3_600_000); // the test looks, not the timer
  await watch.look();
  t.notThrows(() => watch.check());

  const settings = await loadSettings({ env: { CARDGENIUS_CHUNK_SIZE: '100' }, cwd: import.meta.dirname });
  const loaded = await loadEngine(await loadSettings({ env: {}, cwd: join(import.meta.dirname, '../..') }));
  let computed = 0;
  const createPool = () => ({
    compute: async () => {
      computed++;
      await engine.execute(
        "INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ('9999_next', repeat('0', 64), TRUE)",
      );
      await watch.look();
      return new Promise<never>(() => {}); // in flight for as long as nothing ends it
    },
    close: async () => {},
  });
  const outcome = await runBatch(
    engine.database,
    { ...settings, chunkSize: 3, chunksInFlight: 1, workers: 1 },
    { kind: 'batch', userLimit: null, processor: 'old', requestedBy: 'old', deadlineAt: null, engine: loaded },
    () => {},
    watch.signal,
    { createPool },
  );
  t.is(computed, 1, 'no further chunk was claimed');
  t.like(outcome, { state: 'stopped', users: 0 });
  const run = await engine.database.readRun(outcome.runId);
  t.like(run, { state: 'stopped', chunksLeased: 0, completed: 0, failed: 0, failures: 0 });
  t.regex(run?.reason ?? '', /^SCHEMA_TOO_NEW: The database has 9999_next, a breaking change/);
  t.is(await count(engine, 'cardgenius.chunk', "state = 'open' AND lease_token IS NULL"), 3);
  t.is(await count(engine, 'card_recommendations'), 0);
  t.is(await count(engine, 'cardgenius.staged_recommendation'), 0);
  t.throws(() => watch.check(), { code: 'SCHEMA_TOO_NEW', message: /Use the newer version of cardgenius/ });
  await t.throwsAsync(checkSchema(engine.target), { code: 'SCHEMA_TOO_NEW' }, 'started again, it is refused');
  await engine.database.close();
});

test('a look at the schema that fails decides nothing', async t => {
  using watch = new SchemaWatch(
    { dialect: 'postgres', appliedFiles: () => Promise.reject(new Error('away')) },
    3_600_000,
  );
  await watch.look();
  t.false(watch.signal.aborted);
});
