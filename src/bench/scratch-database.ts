import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { migrate } from '../database/migrate/migrate.ts';
import { type OpenedDatabase, openDatabase } from '../database/open.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';

/** Where a scratch database is made: what `openDatabase` would open, and the password that goes with it. */
export interface ScratchPlace {
  readonly url: string;
  readonly password?: string | undefined;
}

/** An empty, migrated database that is gone once it is disposed of. */
export interface ScratchDatabase extends OpenedDatabase {
  /** Where it is, for another process to open it. */
  readonly at: ScratchPlace & { readonly databaseName?: string };
}

export const SCRATCH_PREFIX = 'cardgenius_bench_';

/**
 * Makes a database of its own, beside the one that the place names, and never touches that one: on SQL Server by CREATE
 * DATABASE on the same server, embedded in a folder of the system's temporary ones.
 */
export async function scratchDatabase(place: ScratchPlace): Promise<ScratchDatabase> {
  return /^pglite:/.test(place.url) ? inFolder() : onServer(place);
}

async function inFolder(): Promise<ScratchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), SCRATCH_PREFIX));
  const url = `pglite:${join(folder, 'db')}`;
  const opened = await openDatabase(url);
  return {
    ...opened,
    at: { url },
    [Symbol.asyncDispose]: async () => {
      await opened.database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function onServer({ url, password }: ScratchPlace): Promise<ScratchDatabase> {
  const [{ parseConnection }, { Pool }] = await Promise.all([
    import('../database/mssql/connection-settings.ts'),
    import('../database/mssql/pools.ts'),
  ]);
  const name = `${SCRATCH_PREFIX}${randomBytes(5).toString('hex')}`;
  const settings = parseConnection(url, password);
  const server = new Pool(settings, { size: 1, timeoutSeconds: 120, appName: 'cardgenius bench' });
  await server.connect();
  const drop = async () => {
    try {
      await dropDatabase(name, text => server.batch(text, `dropping ${name}`));
    } finally {
      await server.close();
    }
  };
  try {
    await server.batch(`CREATE DATABASE ${name}`, `creating ${name}`);
  } catch (error) {
    await server.close();
    throw new CardGeniusError(
      'BENCH_DATABASE_REFUSED',
      `Cannot make a database of its own on ${settings.server}: ${messageOf(error)}. Measure as a login that may: ` +
        'GRANT CREATE ANY DATABASE TO [login], in master; nothing else of the server is touched.',
      { cause: error },
    );
  }
  try {
    const opened = await openDatabase(url, { checkSchema: false, password, databaseName: name });
    await migrate(opened.target);
    return {
      ...opened,
      at: { url, password, databaseName: name },
      [Symbol.asyncDispose]: async () => {
        await opened.database.close();
        await drop();
      },
    };
  } catch (error) {
    await drop();
    throw error;
  }
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
