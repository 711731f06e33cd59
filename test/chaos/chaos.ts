/**
 * Kills real processes at random moments, starts them again, and looks whether anybody was lost or is wrong.
 *
 *   npm run chaos -- --kills 200 --seed 7
 *   CARDGENIUS_TEST_MSSQL_URL=mssql://… npm run chaos -- --kills 100 --processes 2 --chunk 200 --life 15000
 *   CARDGENIUS_TEST_POSTGRES_URL=postgres://… npm run chaos -- --postgres --kills 200 --processes 4
 *   CARDGENIUS_TEST_POSTGRES_URL=… npm run chaos -- --postgres --crash --kills 10 --users 200000 --processes 2
 *
 * With --crash it is the server that dies (.ci/postgres crash: kill -9 of all its processes, and started again), and the processors live
 * on, or are started again where they left.
 *
 * Users are computed over and over (redo) until so many kills have happened; then the last run is left alone, and the
 * database is verified and compared, row by row, with what the engine answers for the same users.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readOptions } from '../../bench/options.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { type OpenedDatabase, openDatabase } from '../../src/database/open-database.ts';
import { retry } from '../../src/database/retrying.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { inventUser, seedSpending } from '../../src/exchange/seed-spending.ts';
import { group } from '../../src/model/format.ts';
import { pointsOf } from '../../src/model/recommendation.ts';
import { createServerDatabase, hasPostgresServer } from '../support/postgres-server.ts';
import { createDatabase } from '../support/sql-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/cli/main.ts');

const {
  kills,
  minutes,
  users,
  chunk,
  processes,
  seed,
  life,
  server: isOnServer,
  postgres: isOnPostgres,
  crash: doesServerCrash,
} = readOptions({
  kills: 200,
  minutes: 600, // no kill after these, where so many kills take longer
  users: 4_000,
  chunk: 400, // users of a chunk
  processes: 1,
  seed: 1,
  life: 4_500, // milliseconds that a process may live at most, from its first claim (one in four: from its start)
  server: false,
  postgres: false,
  crash: false, // the server in place of the processors; CARDGENIUS_TEST_POSTGRES_COMMAND says how (.ci/postgres)
});
const server = process.env.CARDGENIUS_TEST_MSSQL_URL;
if (isOnPostgres && !hasPostgresServer()) throw new Error('a server is needed: set CARDGENIUS_TEST_POSTGRES_URL');
if (doesServerCrash && !(isOnPostgres && process.env.CARDGENIUS_TEST_POSTGRES_URL)) {
  throw new Error('--crash is for --postgres, on the server that CARDGENIUS_TEST_POSTGRES_URL names');
}
if ((processes > 1 || isOnServer) && !isOnPostgres && !server)
  throw new Error('a server is needed: set CARDGENIUS_TEST_MSSQL_URL, or --postgres and CARDGENIUS_TEST_POSTGRES_URL');
const crashCommand = process.env.CARDGENIUS_TEST_POSTGRES_COMMAND ?? join(ROOT, '.ci/postgres');

const random = numbers(seed);
const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-chaos-'));
const config = { chunkSize: chunk, leaseSeconds: 5, workers: 1, log: { level: 'debug' } };
await writeFile(join(cwd, 'cron.config.ts'), `export default ${JSON.stringify(config)};\n`);

let place: ({ readonly url: string } & AsyncDisposable) | undefined;
let url = `pglite:${join(cwd, 'db')}`;
if (isOnPostgres) {
  place = await createServerDatabase();
  url = place.url;
} else if (processes > 1 || isOnServer) {
  place = await createDatabase({ url: new URL(server!), [Symbol.asyncDispose]: async () => {} });
  url = place.url;
}
await withDatabase(async ({ database, target }) => {
  await migrate(target);
  await seedSpending(database, users, seed);
});

let killed = 0;
let runs = 0;
/** Milliseconds from the last kill of a row to the next chunk that anybody publishes. */
const recoveries: number[] = [];
let killedAt: number | undefined;
const startedAt = performance.now();
const isOver = () => killed >= kills || performance.now() - startedAt > minutes * 60_000;
const crashes = doesServerCrash ? crashServer() : undefined;

while (!isOver()) {
  if ((await openUsers()) === 0) {
    await withDatabase(({ audit }) => audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true));
    runs++;
  }
  await Promise.all(Array.from({ length: processes }, () => oneLife()));
}
await crashes;
const published = await withDatabase(async ({ history }) =>
  (await history.listRuns(1_000)).reduce((sum, { chunksClosed }) => sum + chunksClosed, 0),
);
await finish();
const wrong = await compare();
const { checks } = await withDatabase(({ audit }) => audit.verifyDatabase());
const faults = checks.filter(({ severity, violations }) => severity === 'fail' && violations > 0);
const lost = users - (await withDatabase(({ database }) => database.countUsers())).completed;

recoveries.sort((a, b) => a - b);
const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)} s`;
console.log(
  `${place === undefined ? 'PGlite on disk' : `${isOnPostgres ? 'PostgreSQL' : 'SQL Server'} at ${new URL(url).host}`}, ${processes} process(es), seed ${seed}`,
);
console.log(
  `${killed} kills${doesServerCrash ? ' of the server' : ''} over ${runs + 1} passes of ${group(users)} users in ${seconds(performance.now() - startedAt)}, ${group(published)} chunks published between the kills`,
);
console.log(
  `users lost ${lost}, rows wrong ${wrong}, verify: ${faults.length === 0 ? 'clean' : JSON.stringify(faults)}`,
);
console.log(
  `from a kill to the next chunk published: median ${seconds(recoveries[recoveries.length >> 1])}, longest ${seconds(recoveries.at(-1))}`,
);
await place?.[Symbol.asyncDispose]();
await rm(cwd, { recursive: true, force: true });
process.exitCode = lost === 0 && wrong === 0 && faults.length === 0 ? 0 : 1;

/**
 * A process takes part in the run until it ends by itself or is killed at a random moment. Three lives in four count from the first
 * claim, for on a slow machine most kills would hit the start, where there is nothing to lose.
 */
async function oneLife(): Promise<void> {
  const child = start();
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()));
  if (doesServerCrash) return ended;
  const claimed = new Promise<void>(resolve =>
    child.stderr!.on('data', (data: Buffer) => data.includes('chunk-claimed') && resolve()),
  );
  const delay = random() * life;
  const begun = random() < 0.25 ? undefined : claimed;
  const lived = Promise.resolve(begun).then(() => sleep(500 + delay));
  const doomed = await Promise.race([ended.then(() => false), lived.then(() => true)]);
  if (doomed && !isOver()) {
    killed++;
    killedAt = performance.now(); // a process killed before it got anywhere proves nothing about the one before
    child.kill('SIGKILL');
  }
  await ended;
}

/** The server dies at random moments, and is there again as soon as it has recovered. */
async function crashServer(): Promise<void> {
  while (!isOver()) {
    await sleep(500 + random() * life);
    killedAt = undefined;
    await promisify(execFile)(crashCommand, ['crash'], { timeout: 300_000 });
    killed++;
    killedAt = performance.now();
  }
}

/** Runs undisturbed until nothing is left. */
async function finish(): Promise<void> {
  while ((await openUsers()) > 0) {
    const child = start();
    await new Promise<void>(resolve => child.on('close', () => resolve()));
  }
}

function start(): ChildProcess {
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: url };
  const child = spawn(process.execPath, [MAIN, 'run', '--json'], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr!.on('data', (data: Buffer) => {
    if (killedAt === undefined || !data.includes('chunk-published')) return;
    recoveries.push(performance.now() - killedAt);
    killedAt = undefined;
  });
  return child;
}

function openUsers(): Promise<number> {
  return withDatabase(async ({ database }) => {
    const counts = await database.countUsers();
    return counts.new + counts.pending;
  });
}

/** Again where the server died meanwhile: all that is asked here may be asked twice. */
function withDatabase<T>(work: (opened: OpenedDatabase) => Promise<T>): Promise<T> {
  return retry(async () => {
    await using opened = await openDatabase(url, { checkSchema: false });
    return await work(opened);
  });
}

/** Rows that are not what the engine answers for the same users, missing and surplus ones included. */
async function compare(): Promise<number> {
  const engine = await createEngine(await loadSettings({ env: {}, cwd: ROOT }));
  return withDatabase(async ({ database }) => {
    let differing = 0;
    let seen = 0;
    for (let after: string | null = null; ; ) {
      const page = await database.exportRecommendations(after, 1_000);
      if (page.length === 0) break;
      after = page.at(-1)!.userId;
      for (let at = 0; at < page.length; at += 10) {
        seen++;
        const { amounts } = inventUser(seen, seed);
        const slice = {
          count: 1,
          userNo: Int32Array.of(1),
          amounts: Float64Array.from(amounts, amount => amount ?? 0),
        };
        const answer = await engine.recommend(slice);
        for (let r = 0; r < 10; r++) {
          const row = page[at + r];
          const card = engine.cards[answer.cardNo[r]!]!;
          const right =
            row?.rank === r + 1 &&
            row.cardName === card.name &&
            row.totalSavingsYearly === answer.yearly[r] &&
            row.totalExtraBenefits === answer.extra[r] &&
            row.joiningFees === card.joiningFees &&
            row.netSavings === answer.yearly[r]! + answer.extra[r]! - card.joiningFees &&
            pointsOf(row).every((points, c) => points === answer.points[c * 10 + r]);
          if (!right) differing++;
        }
      }
    }
    return differing + Math.abs(users - seen) * 10;
  });
}

/** A small generator of numbers from 0 to 1: the same for the same seed. */
function numbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
