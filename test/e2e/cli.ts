import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, glob, mkdtemp, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/cli/main.ts');

/** Tests start hundreds of short commands: PGlite's WebAssembly is compiled for a quick start, and modules are compiled once. */
const NODE_FLAGS = ['--liftoff-only'];
const NODE_COMPILE_CACHE = join(ROOT, 'node_modules/.cache/cardgenius-tests');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun extends PromiseLike<CliResult> {
  kill(signal: NodeJS.Signals): void;
  /** What stdout and stderr have said so far. */
  text(): string;
  /** Resolves when stderr or stdout has said something that matches. */
  said(pattern: RegExp): Promise<void>;
}

/** Where a command runs, on which database, and what its environment has besides. */
export interface CliPlace {
  readonly cwd: string;
  readonly database: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the command line as a process of its own, in a folder, on a database. */
export function cardgenius(args: readonly string[], { cwd, database, env: more }: CliPlace): CliRun {
  const env = { ...process.env, NODE_COMPILE_CACHE, ...more, CARDGENIUS_DATABASE_URL: database, NO_COLOR: '1' };
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const collect = (into: (text: string) => void) => (data: Buffer) => {
    into(data.toString());
    for (const listener of listeners) listener();
  };
  child.stdout.on(
    'data',
    collect(text => (stdout += text)),
  );
  child.stderr.on(
    'data',
    collect(text => (stderr += text)),
  );
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    // biome-ignore lint/suspicious/noThenProperty: awaiting a run awaits its end
    then: (onResult, onError) => ended.then(onResult, onError),
    kill: signal => child.kill(signal),
    text: () => stdout + stderr,
    said: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(stderr) && !pattern.test(stdout)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        ended.then(result => reject(new Error(`ended without ${pattern}: ${JSON.stringify(result)}`)));
        look();
      }),
  };
}

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'cardgenius-e2e-'));

/** A new folder with the embedded database `db` in it, migrated: a copy of one that is made once for each state of the SQL. */
export async function newPlace(): Promise<CliPlace> {
  const cwd = await newFolder();
  await cp(await migratedDatabase(), join(cwd, 'db'), { recursive: true });
  return { cwd, database: 'pglite:db' };
}

let migrated: Promise<string> | undefined;

/** The migrated database that places are copied from; test processes that come at once may each make one, and one is kept. */
function migratedDatabase(): Promise<string> {
  migrated ??= (async () => {
    const hash = createHash('sha256');
    const files = ['package-lock.json', 'src/database/**/*.ts', 'src/model/contract.ts', '{sql,migrations}/**/*.sql'];
    for (const file of (await Array.fromAsync(glob(files, { cwd: ROOT }))).sort()) {
      hash.update(file).update(await readFile(join(ROOT, file)));
    }
    const kept = join(tmpdir(), `cardgenius-migrated-${process.getuid?.()}-${hash.digest('hex').slice(0, 16)}`);
    if (existsSync(kept)) return kept;
    const made = join(await newFolder(), 'db');
    const env = { ...process.env, CARDGENIUS_DATABASE_URL: `pglite:${made}` };
    await promisify(execFile)(process.execPath, [...NODE_FLAGS, MAIN, 'migrate'], { env });
    // The other process that came first has put the same there.
    await rename(made, kept).catch(error => {
      if (!existsSync(kept)) throw error;
    });
    return kept;
  })();
  return migrated;
}
