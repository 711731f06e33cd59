/**
 * How fast is a whole run (plan, claim, read, compute, load, publish), and what share of the floor is that?
 *
 * The floor is what the database alone needs for the same rows by the same statements: chunks claimed and rows computed
 * beforehand, then load and publish only, two chunks in flight as in the run. Both on fresh databases with the same users, in
 * turn, round by round.
 *
 *   npm run -s bench:run -- [--users 50000] [--rounds 5]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server; a database is made for each round and dropped.
 */
import { randomUUID } from 'node:crypto';
import { runBatch } from '../src/batch/run-batch.ts';
import { loadSettings } from '../src/config/settings.ts';
import type { BatchDatabase } from '../src/database/database.ts';
import { createEngine } from '../src/engine/create.ts';
import { seedSpending } from '../src/exchange/seed-spending.ts';
import type { RecommendationSlice } from '../src/model/recommendation.ts';
import type { Lease } from '../src/model/run.ts';
import { ENGINE, freshDatabase } from './fresh-database.ts';
import { describeMachine, group, numberOption, peakMemory, ratio, show, spreadOf, timed } from './harness.ts';

const users = numberOption('users', 50_000);
const rounds = numberOption('rounds', 5);
const settings = await loadSettings({ env: {}, cwd: import.meta.dirname });
const engine = await createEngine(settings);

async function run(): Promise<number> {
  await using fresh = await freshDatabase();
  await seedSpending(fresh.database, users, 1);
  const request = {
    kind: 'batch',
    userLimit: null,
    processor: 'bench',
    requestedBy: 'bench',
    deadlineAt: null,
    engine: { catalogPath: settings.catalogPath, maxMonthlySpend: settings.maxMonthlySpend },
  } as const;
  return await timed(async () => {
    const outcome = await runBatch(fresh.database, settings, request, () => {}, new AbortController().signal);
    if (outcome.completed !== users) throw new Error(`expected ${users} users, but: ${JSON.stringify(outcome)}`);
  });
}

interface Prepared {
  readonly lease: Lease;
  readonly slice: RecommendationSlice;
}

async function floor(): Promise<number> {
  await using fresh = await freshDatabase();
  const { database } = fresh;
  await seedSpending(database, users, 1);
  const prepared = await prepare(database);
  return await timed(() =>
    Promise.all(
      Array.from({ length: settings.chunksInFlight }, async () => {
        for (let next = prepared.shift(); next !== undefined; next = prepared.shift()) {
          const loadNo = (await database.beginLoad(next.lease))!;
          await database.stage(loadNo, [next.slice]);
          const request = { loadNo, span: null, failure: null, computeMs: 0, loadMs: 0 };
          await database.publishChunk(next.lease, request);
        }
      }),
    ),
  );
}

async function prepare(database: BatchDatabase): Promise<Prepared[]> {
  const { runId } = await database.openRun({
    kind: 'batch',
    engineName: engine.name,
    engineVersion: engine.version,
    fingerprint: engine.fingerprint,
    cards: engine.cards,
    chunkSize: settings.chunkSize,
    userLimit: null,
    maxRounds: 1,
    requestedBy: 'bench',
    deadlineAt: null,
  });
  const prepared: Prepared[] = [];
  for (;;) {
    const token = randomUUID();
    const { fingerprint } = engine;
    const claim = await database.claimChunk({ runId, processor: 'bench', token, fingerprint, leaseSeconds: 3_600 });
    if (claim.outcome !== 'claimed') return prepared;
    const lease = { runId, chunkNo: claim.chunkNo, token };
    prepared.push({ lease, slice: await engine.recommend(await database.readChunk(lease)) });
  }
}

console.log(describeMachine());
const rates = { run: [] as number[], floor: [] as number[] };
for (let round = 0; round < rounds; round++) {
  rates.floor.push(users / (await floor()));
  rates.run.push(users / (await run()));
}
const ratios = rates.run.map((rate, i) => rate / rates.floor[i]!);
console.log(`${ENGINE}, ${group(users)} users, ${rounds} rounds`);
console.log(`run:    ${show(spreadOf(rates.run))} users/s`);
console.log(`floor:  ${show(spreadOf(rates.floor))} users/s (load and publish of rows computed beforehand)`);
console.log(`ratio:  ${show(spreadOf(ratios), ratio)}`);
console.log(`memory: ${group(peakMemory())} MB at its peak, the floor’s rows and (embedded) the database included`);
