/** What the tests keep from one run to the next; `npm ci` takes it away with node_modules. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const KEPT = join(ROOT, 'node_modules/.cache/cardgenius-tests');
export const COMPILE_CACHE = join(KEPT, 'modules');

/** Short commands: PGlite's WebAssembly is compiled for a quick start. */
export const NODE_FLAGS = ['--liftoff-only'];

/** How a database to copy from is made, in a folder that is there, and the files of the repository that it depends on. */
const MADE = {
  /** Without any table. PGlite takes five seconds of CPU to make one, and one to open it. */
  new: {
    from: ['package-lock.json', 'src/database/postgres/pglite*.ts'],
    make: async (folder: string) => {
      const { Pglite } = await import('../../src/database/postgres/pglite.ts');
      const pglite = new Pglite(folder);
      await pglite.query('SELECT 1');
      await pglite.close();
    },
  },
  migrated: {
    from: ['package-lock.json', 'src/database/**/*.ts', 'src/model/contract.ts', '{sql,migrations}/**/*.sql'],
    make: async (folder: string) => {
      await copyDatabase('new', folder);
      await command(folder, 'migrate');
    },
  },
  /** The first 100 users that `seed` invents, all of them new. */
  seeded: {
    from: ['package-lock.json', 'src/**/*.ts', '{sql,migrations}/**/*.sql'],
    make: async (folder: string) => {
      await copyDatabase('migrated', folder);
      await command(folder, 'seed', '--users', '100');
    },
  },
  /** The same after their first run, with the card engine that the product brings. */
  done: {
    from: ['package-lock.json', 'src/**/*.ts', '{sql,migrations}/**/*.sql', 'catalog/*.json'],
    make: async (folder: string) => {
      await copyDatabase('seeded', folder);
      await command(folder, 'run');
    },
  },
};

async function command(folder: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: `pglite:${folder}` };
  await promisify(execFile)(process.execPath, [...NODE_FLAGS, join(ROOT, 'src/cli/main.ts'), ...args], {
    cwd: dirname(folder),
    env,
  });
}

export type Kind = keyof typeof MADE;

const kept = new Map<string, Promise<string>>();

/** An embedded database of this test's own: a copy of one that is made once for each state of the files it depends on. */
export async function copyDatabase(kind: Kind, folder?: string): Promise<string> {
  const copy = folder ?? join(await mkdtemp(join(tmpdir(), 'cardgenius-database-')), 'db');
  if (!kept.has(kind)) kept.set(kind, keptDatabase(kind));
  await cp((await kept.get(kind))!, copy, { recursive: true });
  return copy;
}

/** Processes that come at once may each make one, and one is kept. */
async function keptDatabase(kind: Kind): Promise<string> {
  const { from, make } = MADE[kind];
  const hash = createHash('sha256');
  for (const file of (await Array.fromAsync(glob(from, { cwd: ROOT }))).sort()) {
    hash.update(file).update(await readFile(join(ROOT, file)));
  }
  const name = `${kind}-${hash.digest('hex').slice(0, 16)}`;
  const path = join(KEPT, name);
  if (existsSync(path)) return path;
  await mkdir(KEPT, { recursive: true });
  const made = await mkdtemp(join(KEPT, 'made-'));
  await make(made);
  for (const old of await readdir(KEPT)) {
    if (old.startsWith(`${kind}-`) && old !== name) await rm(join(KEPT, old), { recursive: true, force: true });
  }
  // The process that came first has put the same there.
  await rename(made, path).catch(async error => {
    if (!existsSync(path)) throw error;
    await rm(made, { recursive: true });
  });
  return path;
}
