/**
 * What does a second processor add on one server? The same users by one process and by two, in turn. With
 * `--slow` by an engine that waits a millisecond for each user (slow-engine.ts), one worker a processor.
 *
 *   CARDGENIUS_BENCH_URL=mssql://… npm run -s bench:processors -- [--users 100000] [--rounds 5] [--slow]
 */

import { join } from 'node:path';
import { group } from '../src/model/format.ts';
import { populate } from '../src/tools/bench/population.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { inChild } from './fork.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { users, rounds, slow } = readOptions({ users: 100_000, rounds: 5, slow: false });
const enginePath = slow ? join(import.meta.dirname, 'slow-engine.ts') : undefined;
if (!process.env.CARDGENIUS_BENCH_URL) throw new Error('CARDGENIUS_BENCH_URL is not set: PGlite has one process only');

async function measure(processors: number): Promise<number> {
  await using scratch = await scratchDatabase(PLACE);
  await populate(scratch.database, settings, users);
  const tasks = Array.from({ length: processors }, (_, i) => ({
    kind: 'join' as const,
    at: scratch.at,
    processor: `bench-${i + 1}`,
    ...(enginePath === undefined ? {} : { enginePath }),
  }));
  const figures = await Promise.all(tasks.map(inChild));
  const completed = figures.reduce((sum, figure) => sum + figure.completed, 0);
  if (completed !== users) throw new Error(`the measurement is void: ${completed} of ${users} users were completed`);
  return users / Math.max(...figures.map(({ runSeconds }) => runSeconds));
}

const one: number[] = [];
const two: number[] = [];
for (let round = 0; round < rounds; round++) {
  one.push(await measure(1));
  two.push(await measure(2));
}
console.log(describeMachine());
console.log(`${ENGINE}, ${group(users)} users, ${rounds} rounds`);
console.log(`one:   ${show(spreadOf(one))} users/s`);
console.log(`two:   ${show(spreadOf(two))} users/s`);
console.log(`ratio: ${show(spreadOf(ratiosOf(two, one)), ratio)}`);
