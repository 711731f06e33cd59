import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BatchOutcome, type ComputePool, runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { operationsOf } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import { type ContractEngine, expireLeases, refuseByTrigger, reset, userId } from '../contract/context.ts';
import { countRows } from '../support/count-rows.ts';
import { type StopPoint, stoppable } from './stoppable.ts';

const USERS = 9;
const CHUNK = 3;

interface World extends ContractEngine {
  readonly pglite: Pglite;
}

async function createWorld(): Promise<World> {
  const pglite = new Pglite('memory://');
  const target = new PostgresMigrationTarget(pglite);
  await migrate(target);
  return {
    ...operationsOf(postgresDriver(pglite, { description: 'pglite:memory', vacuums: true })),
    pglite,
    target,
    execute: sql => pglite.transaction([{ sql }]),
    query: sql => pglite.query(sql),
  };
}

const settings = await loadSettings({ env: {}, cwd: join(import.meta.dirname, '../..') });
const engine = await createEngine(settings);
const loaded = await loadEngine(settings);

/** Computes in this thread, at once: the simulation's only clock is the database's, and only the test moves it. */
const inThisThread: ComputePool = {
  compute: async chunk => [await engine.recommend(chunk)],
  close: async () => {},
};

/** In what world A and B work, and how its users end there. */
interface Setting {
  readonly completed: number;
  readonly failed: number;
  /** As inThisThread, unless it is given. The controller stops the processor gracefully. */
  readonly pool?: (stop: AbortController, processor: string) => ComputePool;
}

const GOOD: Setting = { completed: USERS, failed: 0 };

function take(database: World['database'], processor: string, { pool }: Setting = GOOD): Promise<BatchOutcome> {
  const stop = new AbortController();
  return runBatch(
    database,
    { ...settings, chunkSize: CHUNK, chunksInFlight: 1 },
    { kind: 'batch', userLimit: null, processor, requestedBy: processor, deadlineAt: null, engine: loaded },
    () => {},
    stop.signal,
    { createPool: () => pool?.(stop, processor) ?? inThisThread, sleep: async () => {} },
  );
}

/** One story: A stops at a point, its lease runs out, B takes over and ends the run; then, perhaps, A wakes up. */
async function story(
  world: World,
  point: StopPoint,
  wakes: boolean,
  setting: Setting,
): Promise<{ at: string; faults: string[] } | undefined> {
  await reset(world);
  await seedSpending(world.database, USERS, 1);
  const a = stoppable(world.database, point);
  const endOfA = take(a.database, 'A', setting);
  endOfA.catch(() => {});
  const at = await Promise.race([a.stopped, endOfA.then(() => undefined)]);
  if (at === undefined) return undefined; // the last call of all is behind us

  await expireLeases(world);
  const b = await take(world.database, 'B', setting);
  const before = await snapshot(world);
  const faults = [...(await faultsOf(world, setting)), ...(b.state === 'done' ? [] : [`B ended ${b.state}`])];
  if (wakes) {
    a.wake();
    const late = await endOfA;
    if (late.users + b.users !== USERS) faults.push(`A counts ${late.users} users and B ${b.users}, of ${USERS}`);
    if ((await snapshot(world)) !== before) faults.push('A changed something after it had lost its lease');
  }
  return { at, faults };
}

async function faultsOf(world: World, { completed, failed }: Setting): Promise<string[]> {
  const { checks } = await world.audit.verifyDatabase();
  const counts = await world.database.countUsers();
  const faults = checks.filter(({ violations }) => violations > 0).map(({ check, sample }) => `${check}: ${sample}`);
  if (counts.completed !== completed) faults.push(`${counts.completed} completed, not ${completed}`);
  if (counts.failed !== failed) faults.push(`${counts.failed} failed, not ${failed}`);
  const rows = await countRows(world.database);
  if (rows !== completed * 10) faults.push(`${rows} rows`);
  return faults;
}

async function snapshot({ query }: World): Promise<string> {
  const tables = ['card_recommendations ORDER BY user_id, rank', 'user_spending_data ORDER BY user_id'];
  const rows = await Promise.all(tables.map(table => query(`SELECT * FROM ${table}`)));
  const chunks = await query(
    'SELECT chunk_no, state, completed, failed, rows_written FROM cardgenius.chunk ORDER BY chunk_no',
  );
  return JSON.stringify([rows, chunks]);
}

/** All points, one after the other, until A runs through. */
async function tellAll(
  t: ExecutionContext,
  world: World,
  setting = GOOD,
): Promise<{ told: number; faults: string[]; places: Map<string, number> }> {
  const faults: string[] = [];
  const places = new Map<string, number>();
  let told = 0;
  for (let call = 1; ; call++) {
    for (const side of ['before', 'after'] as const) {
      for (const wakes of [false, true]) {
        const told_ = await story(world, { call, side }, wakes, setting);
        if (told_ === undefined) {
          t.log(`${told} stories: ${[...places].map(([place, times]) => `${place} ${times}`).join(', ')}`);
          return { told, faults, places };
        }
        told++;
        places.set(told_.at, (places.get(told_.at) ?? 0) + 1);
        for (const fault of told_.faults)
          faults.push(`${side} call ${call} (${told_.at})${wakes ? ', awake again' : ''}: ${fault}`);
      }
    }
  }
}

test.serial(
  'stopped at every await of the pipeline, with another taking over: nobody is lost or counted twice',
  async t => {
    t.timeout(600_000);
    const world = await createWorld();
    const { told, faults } = await tellAll(t, world);
    t.deepEqual(faults, []);
    t.true(told > 60, `${told} stories`);
    await world.database.close();
  },
);

test.serial('the same while the database refuses the cards of one user, who is isolated and fails alone', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  await refuseByTrigger(world, 'card_recommendations', `{row}.user_id = '${userId(5)}'`);
  const { faults, places } = await tellAll(t, world, { completed: USERS - 1, failed: 1 });
  t.deepEqual(faults, []);
  t.true(places.get('publishChunk')! > 3 * 4, 'spans were published one by one');
  await world.database.close();
});

test.serial('the same while a chunk fails for good, and its users with it', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  let poison: string | undefined;
  const compute: ComputePool['compute'] = async chunk => {
    poison ??= chunk.amounts.join();
    if (chunk.amounts.join() === poison) throw new DatabaseError('POSTGRES_22003', 'out of range', 'data');
    return inThisThread.compute(chunk, () => {});
  };
  const setting = { completed: USERS - CHUNK, failed: CHUNK, pool: () => ({ ...inThisThread, compute }) };
  const { faults, places } = await tellAll(t, world, setting);
  t.deepEqual(faults, []);
  t.is(places.get('failChunk'), 4);
  await world.database.close();
});

test.serial('the same while A is told to stop, and gives back what it has', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  const pool = (stop: AbortController, processor: string): ComputePool => {
    let chunks = 0;
    const compute: ComputePool['compute'] = async chunk => {
      if (processor === 'A' && ++chunks === 2) stop.abort();
      return inThisThread.compute(chunk, () => {});
    };
    return { ...inThisThread, compute };
  };
  const { faults, places } = await tellAll(t, world, { ...GOOD, pool });
  t.deepEqual(faults, []);
  t.is(places.get('releaseChunk'), 4);
  await world.database.close();
});

test.serial('with the fence broken by one line, the simulation fails', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  const publish = (await readSqlFiles('postgres')).find(({ name }) => name === 'object:publish_chunk')!;
  const fence = ' AND c.lease_token = p_token';
  t.true(publish.text.includes(fence));
  await world.pglite.transaction([{ sql: publish.text.replaceAll(fence, '') }]);
  const { faults } = await tellAll(t, world);
  t.true(faults.length > 0);
  t.log(faults[0]!);
  await world.database.close();
});
