import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readQuestion } from '../../database/maintenance.ts';
import { migrate } from '../../database/migrate/migrate.ts';
import type { Pool } from '../../database/mssql/pools.ts';
import { type OpenedDatabase, openDatabase } from '../../database/open-database.ts';
import type { PoolSettings } from '../../database/pool-settings.ts';
import { CardGeniusError, messageOf } from '../../model/errors.ts';

/** Where a scratch database is made: what `openDatabase` would open, and the password that goes with it. */
export interface ScratchPlace {
  readonly url: string;
  readonly password?: string | undefined;
  /** Sizes of its pools; the defaults where it says none. */
  readonly pools?: PoolSettings | undefined;
  /** Told in what a scratch database is not as the one that the place names, and so measures something else. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** An empty, migrated database that is gone once it is disposed of. */
export interface ScratchDatabase extends OpenedDatabase {
  /** Where it is, for another process to open it. */
  readonly at: Omit<ScratchPlace, 'pools' | 'tell'> & { readonly databaseName?: string };
}

export const SCRATCH_PREFIX = 'cardgenius_bench_';

/** How to be rid of those that stand now: for a signal, which leaves no time to unwind. */
const standing = new Set<() => Promise<void>>();

/** Drops every scratch database that this process has made and still has, also one in use. */
export async function dropScratchDatabases(): Promise<void> {
  await Promise.allSettled([...standing].map(drop => drop()));
}

/**
 * Makes a database of its own, beside the one that the place names, and never touches that one: by CREATE
 * DATABASE on the same server, SQL Server or PostgreSQL; embedded in a folder of the system's temporary ones.
 */
export async function scratchDatabase(place: ScratchPlace): Promise<ScratchDatabase> {
  if (/^pglite:/.test(place.url)) return inFolder();
  return /^postgres(ql)?:/i.test(place.url) ? onPostgres(place) : onServer(place);
}

/** A folder of the system's temporary ones, that is gone once it is disposed of. */
export async function scratchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), SCRATCH_PREFIX));
  return { path, [Symbol.asyncDispose]: remember(() => rm(path, { recursive: true, force: true, maxRetries: 10 })) };
}

async function inFolder(): Promise<ScratchDatabase> {
  await using undo = new AsyncDisposableStack();
  const url = `pglite:${join(undo.use(await scratchFolder()).path, 'db')}`;
  const opened = undo.use(await openDatabase(url));
  const done = undo.move();
  return { ...opened, at: { url }, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

async function onPostgres({ url, password, pools }: ScratchPlace): Promise<ScratchDatabase> {
  const [{ Server }, { parseAddress }, { DEFAULT_POOLS }] = await Promise.all([
    import('../../database/postgres/postgres-server.ts'),
    import('../../database/postgres/server-address.ts'),
    import('../../database/pool-settings.ts'),
  ]);
  await using undo = new AsyncDisposableStack();
  const name = `${SCRATCH_PREFIX}${randomBytes(5).toString('hex')}`;
  const address = parseAddress(url, password);
  const server = new Server(address, DEFAULT_POOLS, 'cardgenius bench');
  undo.defer(() => server.close());
  try {
    await server.query(`CREATE DATABASE ${name}`);
  } catch (error) {
    throw new CardGeniusError(
      'BENCH_DATABASE_REFUSED',
      `Cannot make a database of its own on ${address.description}: ${messageOf(error)}. Measure as a login that may: ` +
        'ALTER ROLE login CREATEDB; nothing else of the server is touched.',
      { cause: error },
    );
  }
  undo.defer(remember(() => server.query(`DROP DATABASE ${name} WITH (FORCE)`)));
  const opened = undo.use(await openDatabase(url, { checkSchema: false, password, pools, databaseName: name }));
  await migrate(opened.target);
  const done = undo.move();
  return { ...opened, at: { url, password, databaseName: name }, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

async function onServer({ url, password, pools, tell }: ScratchPlace): Promise<ScratchDatabase> {
  const [{ parseConnection }, { Pool }] = await Promise.all([
    import('../../database/mssql/connection-settings.ts'),
    import('../../database/mssql/pools.ts'),
  ]);
  await using undo = new AsyncDisposableStack();
  const name = `${SCRATCH_PREFIX}${randomBytes(5).toString('hex')}`;
  const settings = parseConnection(url, password);
  const server = new Pool(settings, { size: 1, timeoutSeconds: 120, appName: 'cardgenius bench' });
  undo.defer(() => server.close());
  await server.connect();
  try {
    await server.batch(`CREATE DATABASE ${name}`, `creating ${name}`);
  } catch (error) {
    throw new CardGeniusError(
      'BENCH_DATABASE_REFUSED',
      `Cannot make a database of its own on ${settings.server}: ${messageOf(error)}. Measure as a login that may: ` +
        'GRANT CREATE ANY DATABASE TO [login], in master; nothing else of the server is touched. On Azure SQL, which makes ' +
        'databases from master only: name master in the address, as a login in the role dbmanager.',
      { cause: error },
    );
  }
  undo.defer(remember(() => dropDatabase(name, text => server.batch(text, `dropping ${name}`))));
  const own = await likeConfigured(server, name);
  const opened = undo.use(await openDatabase(url, { checkSchema: false, password, pools, databaseName: name }));
  await migrate(opened.target);
  const [made] = (await opened.maintenance.ask<DatabaseSettings>('settings')) ?? [];
  if (own !== undefined && made !== undefined) for (const text of differencesOf(own, made)) tell?.(text);
  const done = undo.move();
  return { ...opened, at: { url, password, databaseName: name }, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

/** Of doctor_settings.sql, what decides how a database locks, logs and plans. */
export interface DatabaseSettings {
  readonly compatibility_level: number | null;
  readonly row_versions: number | null;
  readonly recovery_model: string | null;
}

/**
 * Sets a new database to what the one that `server` is connected to is set to, before it is used. What the server refuses stays
 * as it is. Answers the settings of the configured one.
 */
export async function likeConfigured(
  server: Pick<Pool, 'ask' | 'batch'>,
  name: string,
): Promise<DatabaseSettings | undefined> {
  const question = (await readQuestion('mssql', 'settings'))!;
  const [own] = await server.ask<DatabaseSettings>(question, [], 'reading the settings of the configured database');
  if (own === undefined) return undefined;
  const { compatibility_level: level, recovery_model: recovery } = own;
  const wanted = [
    ...(level === null ? [] : [`COMPATIBILITY_LEVEL = ${Number(level)}`]),
    ...(/^(FULL|SIMPLE|BULK_LOGGED)$/.test(recovery ?? '') ? [`RECOVERY ${recovery}`] : []),
    `READ_COMMITTED_SNAPSHOT ${own.row_versions === 1 ? 'ON' : 'OFF'}`,
  ];
  for (const setting of wanted) {
    await server.batch(`ALTER DATABASE ${name} SET ${setting}`, `setting ${name} to ${setting}`).catch(() => {});
  }
  return own;
}

/** A sentence for each setting in which the scratch database is not as the configured one. */
export function differencesOf(own: DatabaseSettings, made: DatabaseSettings): string[] {
  const names = {
    compatibility_level: 'compatibility level',
    recovery_model: 'recovery model',
    row_versions: 'setting of READ_COMMITTED_SNAPSHOT',
  } as const;
  return (Object.keys(names) as (keyof typeof names)[])
    .filter(key => own[key] !== made[key])
    .map(key => `Measured with another ${names[key]} than the configured database’s: ${made[key]}, not ${own[key]}.`);
}

/** The same act, once: also for a signal until then. */
function remember(drop: () => Promise<unknown>): () => Promise<void> {
  const act = async () => {
    if (!standing.delete(act)) return;
    await drop();
  };
  standing.add(act);
  return act;
}

/** Sessions that have just been closed may still be on their way out: asked again until they are. */
async function dropDatabase(name: string, batch: (text: string) => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // an engine that has no such statement has no such need
      await batch(`ALTER DATABASE ${name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`).catch(() => {});
      await batch(`DROP DATABASE ${name}`);
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await setTimeout(100);
    }
  }
}
