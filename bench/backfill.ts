/**
 * The first load by one processor, by two, by four and so on up to --processes, each on a fresh database with the same users: how long,
 * which processor did what, and whether every row is the same.
 *
 *   CARDGENIUS_BENCH_URL=mssql://… npm run -s bench:backfill -- --users 200000 --processes 2
 *   npm run -s bench:backfill -- --processes 1: the embedded engine, in this process
 *
 * Ends with exit code 1 where a row differs, or verify finds a fault.
 */
import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchOutcome } from '../src/batch/run-batch.ts';
import type { Database } from '../src/database/database.ts';
import type { PostgresClient } from '../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../src/database/postgres/postgres-migration-target.ts';
import { formatRow, OUTPUT_COLUMNS } from '../src/exchange/export-recommendations.ts';
import { seedSpending } from '../src/exchange/seed-spending.ts';
import { group } from '../src/model/format.ts';
import { runOnce } from '../src/tools/bench/population.ts';
import { copyChunks } from '../src/tools/bench/raw.ts';
import { describeMachine, timed } from '../src/tools/bench/rounds.ts';
import { type ScratchDatabase, scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const MAIN = join(import.meta.dirname, '../src/cli/main.ts');
const { users, processes } = readOptions({ users: 200_000, processes: 2 });
const isEmbedded = !process.env.CARDGENIUS_BENCH_URL;
if (isEmbedded && processes > 1) throw new Error('several processors need a server: set CARDGENIUS_BENCH_URL');

console.log(`${describeMachine()}\n${ENGINE}, ${group(users)} users`);
const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-backfill-'));
const hashes = new Set<string>();
for (let count = 1; count <= processes; count *= 2) hashes.add(await backfill(count));
await rm(cwd, { recursive: true, force: true });
console.log(hashes.size === 1 ? 'identical rows' : 'THE ROWS DIFFER');
process.exitCode = process.exitCode || (hashes.size === 1 ? 0 : 1);

/** Loads a fresh database with a number of processes, and answers the SHA-256 of all its rows in the order of export. */
async function backfill(count: number): Promise<string> {
  await using scratch = await scratchDatabase(PLACE);
  const { database, audit, at } = scratch;
  await seedSpending(database, users, 1);
  let parts: Pick<BatchOutcome, 'users'>[] = [{ users }];
  const seconds = await timed(async () => {
    if (isEmbedded) return runOnce(database, settings, { expected: users });
    const url = new URL(at.url);
    url.pathname = `/${at.databaseName}`;
    parts = await Promise.all(Array.from({ length: count }, () => runWithProgress(url.href)));
  });
  const faults = (await audit.verifyDatabase()).checks.filter(({ violations }) => violations > 0);
  const { hash, rows } = await hashOf(scratch);
  console.log(
    `${count} processor(s): ${seconds.toFixed(1)} s, ${group(users / seconds)} users/s; ` +
      `${parts.map(part => group(part.users)).join(' + ')} users, ${group(rows)} rows, sha256 ${hash.slice(0, 16)}, ` +
      `verify: ${faults.length === 0 ? 'clean' : JSON.stringify(faults)}`,
  );
  if (faults.length > 0) process.exitCode = 1;
  return hash;
}

function runWithProgress(url: string): Promise<BatchOutcome> {
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: url };
  const child = spawn(process.execPath, [MAIN, 'run', '--json'], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', data => (said += data));
  return new Promise((resolve, reject) => {
    child.on('close', code => (code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`run ended with ${code}`))));
  });
}

/** The SHA-256 of all rows in key order, but for their times and batch: COPY's bytes on PostgreSQL, else the export's. */
async function hashOf({ database, target }: ScratchDatabase): Promise<{ hash: string; rows: number }> {
  const hash = createHash('sha256');
  const rows =
    target instanceof PostgresMigrationTarget
      ? await hashCopies(database, target.client, hash)
      : await hashExport(database, hash);
  return { hash: hash.digest('hex'), rows };
}

async function hashCopies(database: Database, client: PostgresClient, hash: Hash): Promise<number> {
  const run = (await database.readRun(null))!;
  for await (const bytes of copyChunks(client, run.runId, OUTPUT_COLUMNS.join(', '))) hash.update(bytes);
  return run.rowsWritten;
}

async function hashExport(database: Database, hash: Hash): Promise<number> {
  let rows = 0;
  for (let after: string | null = null; ; ) {
    const page = await database.exportRecommendations(after, 2_000);
    if (page.length === 0) return rows;
    for (const row of page) hash.update(`${formatRow(row).join('\t')}\n`);
    rows += page.length;
    after = page.at(-1)!.userId;
  }
}
