import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type BatchOutcome, type ComputePool, runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { operationsOf } from '../../src/database/database.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { type ContractEngine, expireLeases, reset } from '../contract/context.ts';
import { countRows } from '../support/count-rows.ts';
import { copyDatabase } from '../support/kept.ts';
import { type StopPoint, stoppable } from './stoppable.ts';

export const USERS = 6;
export const CHUNK = 3;

export interface World extends ContractEngine {
  readonly pglite: Pglite;
}

export async function createWorld(): Promise<World> {
  const pglite = new Pglite(await copyDatabase('migrated'));
  const target = new PostgresMigrationTarget(pglite);
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
export const inThisThread: ComputePool = {
  compute: async chunk => [await engine.recommend(chunk)],
  close: async () => {},
};

/** In what world A and B work, and how its users end there. */
export interface Setting {
  readonly completed: number;
  readonly failed: number;
  /** As inThisThread, unless it is given. The controller stops the processor gracefully. */
  readonly pool?: (stop: AbortController, processor: string) => ComputePool;
}

export const GOOD: Setting = { completed: USERS, failed: 0 };

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

/** One story: A stops at a point, its lease runs out, B takes over and ends the run: all is as if A were dead. Then A wakes up. */
async function story(
  world: World,
  point: StopPoint,
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
  a.wake();
  const late = await endOfA;
  if (late.users + b.users !== USERS) faults.push(`A counts ${late.users} users and B ${b.users}, of ${USERS}`);
  if ((await snapshot(world)) !== before) faults.push('A changed something after it had lost its lease');
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

/** All points, one after the other, until A runs through, or (`untilFault`) a story ends badly. */
export async function tellAll(
  t: ExecutionContext,
  world: World,
  setting = GOOD,
  untilFault = false,
): Promise<{ told: number; faults: string[]; places: Map<string, number> }> {
  const faults: string[] = [];
  const places = new Map<string, number>();
  let told = 0;
  for (let call = 1; ; call++) {
    for (const side of ['before', 'after'] as const) {
      const found = await story(world, { call, side }, setting);
      if (found === undefined || (untilFault && faults.length > 0)) {
        t.log(`${told} stories: ${[...places].map(([place, times]) => `${place} ${times}`).join(', ')}`);
        return { told, faults, places };
      }
      told++;
      places.set(found.at, (places.get(found.at) ?? 0) + 1);
      for (const fault of found.faults) faults.push(`${side} call ${call} (${found.at}): ${fault}`);
    }
  }
}
