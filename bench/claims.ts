/**
 * Is the claim a bottleneck for fifty processors on one run? `--claimers` claimers, each with a connection of its own, take the chunks of one run
 * as fast as they can and do nothing else, as no processor ever would: by 1, by 10 and by 50.
 *
 *   CARDGENIUS_BENCH_URL=postgres://… npm run -s bench:claims -- [--chunks 2000] [--users 20]
 */
import { randomUUID } from 'node:crypto';
import { openDatabase } from '../src/database/open-database.ts';
import { seedSpending } from '../src/exchange/seed-spending.ts';
import { group } from '../src/model/format.ts';
import { describeMachine, timed } from '../src/tools/bench/rounds.ts';
import { scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { ENGINE, PLACE, readOptions } from './options.ts';

const { chunks, users } = readOptions({ chunks: 2_000, users: 20 });
if (!process.env.CARDGENIUS_BENCH_URL) throw new Error('CARDGENIUS_BENCH_URL is not set: PGlite has one process only');
const FINGERPRINT = 'c'.repeat(64);

console.log(describeMachine());
console.log(`${ENGINE}, ${group(chunks)} chunks of ${users} users`);
for (const claimers of [1, 10, 50]) {
  await using scratch = await scratchDatabase(PLACE);
  await seedSpending(scratch.database, chunks * users, 1);
  const { runId } = await scratch.database.openRun({
    kind: 'batch',
    engineName: 'bench',
    engineVersion: '1',
    fingerprint: FINGERPRINT,
    cards: [],
    chunkSize: users,
    userLimit: null,
    maxRounds: 1,
    requestedBy: 'bench',
    deadlineAt: null,
  });
  await using opened = new AsyncDisposableStack();
  const pools = { controlConnections: 1, workConnections: 1, controlTimeoutSeconds: 60, workTimeoutSeconds: 60 };
  const databases = await Promise.all(
    Array.from({ length: claimers }, async () =>
      opened.use(await openDatabase(scratch.at.url, { ...scratch.at, pools })),
    ),
  );
  const waits: number[] = [];
  const seconds = await timed(() =>
    Promise.all(
      databases.map(async ({ database }, i) => {
        for (;;) {
          const startedAt = performance.now();
          const claim = await database.claimChunk({
            runId,
            processor: `bench-${i}`,
            token: randomUUID(),
            fingerprint: FINGERPRINT,
            leaseSeconds: 3_600,
          });
          if (claim.outcome !== 'claimed') return;
          waits.push(performance.now() - startedAt);
        }
      }),
    ),
  );
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.floor((waits.length - 1) * share)]!.toFixed(1);
  console.log(
    `${String(claimers).padStart(2)} claimers: ${group(waits.length / seconds)} claims/s; a claim takes ${at(0.5)} ms, 95 % below ${at(0.95)} ms`,
  );
}
