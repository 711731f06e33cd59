import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type OpenedDatabase, openDatabase } from '../../src/database/open-database.ts';
import { COMPILE_CACHE, copyDatabase, type Kind, NODE_FLAGS } from '../support/kept.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/cli/main.ts');

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
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...more,
    CARDGENIUS_DATABASE_URL: database,
    NO_COLOR: '1',
  };
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

/** A new folder with the embedded database `db` in it, migrated, or as another kind of kept database has it. */
export async function newPlace(kind: Kind = 'migrated'): Promise<CliPlace> {
  const cwd = await newFolder();
  await copyDatabase(kind, join(cwd, 'db'));
  return { cwd, database: 'pglite:db' };
}

/** Keeps a place's database open: commands that look, steer, import or export ask this process then, at a third of the CPU of opening it. */
export function hold({ cwd, database }: CliPlace): Promise<OpenedDatabase> {
  return openDatabase(database.replace(/^pglite:/, `pglite:${cwd}/`), { stays: true, light: true });
}

/** Users for a run that stands still in its middle, with chunks behind it, until the file `go` is in the folder (support/waiting-engine.ts). */
export async function newWaitingPlace(): Promise<CliPlace> {
  const place = await newPlace('seeded');
  const engine = JSON.stringify(join(ROOT, 'test/support/waiting-engine.ts'));
  await writeFile(
    join(place.cwd, 'cron.config.ts'),
    `export default { engine: ${engine}, engineTimeoutSeconds: 600 };`,
  );
  return place;
}

/** A line of bash in a folder; `cg` in it is the command line, on the folder's own database. */
export async function bash(
  cwd: string,
  line: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    CARDGENIUS_DATABASE_URL: 'pglite:db',
    NO_COLOR: '1',
  };
  const script = `cg() { ${process.execPath} ${NODE_FLAGS.join(' ')} ${MAIN} "$@"; }\n${line}`;
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
