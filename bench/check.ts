/**
 * What does the check of each published chunk cost, as a share of its run? One chunk in flight, so that a check waits for nothing else: of a
 * first run, and of a second one over the same users, in which no card changes.
 *
 *   npm run -s bench:check -- [--users 50000] [--rounds 3]
 *   CARDGENIUS_BENCH_URL=postgres://… to measure a server
 */
import type { Database } from '../src/database/database.ts';
import { group } from '../src/model/format.ts';
import { populate, runOnce, warmUsers } from '../src/tools/bench/population.ts';
import { describeMachine, show, spreadOf, timed } from '../src/tools/bench/rounds.ts';
import { scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 50_000, rounds: 3 });
/** A benchmark needs a figure, not a pause. */
const GATES_OPEN = { minEligibleShare: 0, maxFirstCardChangedShare: 1 };
const shares: { first: number[]; next: number[] } = { first: [], next: [] };

for (let round = 0; round < rounds; round++) {
  await using scratch = await scratchDatabase(PLACE);
  await populate(scratch.database, settings, users);
  shares.first.push(await shareOfChecks(scratch.database, users));
  await scratch.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true);
  shares.next.push(await shareOfChecks(scratch.database, users + warmUsers(users)));
}

console.log(describeMachine());
console.log(`${ENGINE}, ${group(users)} users, ${rounds} rounds, one chunk in flight`);
console.log(`first run: ${show(spreadOf(shares.first), percent)} of its time`);
console.log(`unchanged: ${show(spreadOf(shares.next), percent)}`);

async function shareOfChecks(database: Database, expected: number): Promise<number> {
  let checks = 0;
  const timing = new Proxy(database, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'checkChunk' || typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        const startedAt = performance.now();
        try {
          return await member.apply(target, args);
        } finally {
          checks += performance.now() - startedAt;
        }
      };
    },
  });
  const seconds = await timed(() => runOnce(timing, { ...settings, ...GATES_OPEN, chunksInFlight: 1 }, { expected }));
  return checks / 1000 / seconds;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
