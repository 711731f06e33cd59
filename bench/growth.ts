/**
 * Does a user cost the same among two million as among fifty thousand, and how much memory does the process take?
 *
 * Each size in a database of its own, in turn, so that what the machine does beside is spread over all of them: five rounds, and
 * one of two million. With --rounds, as many of each. On a server the users are there before the process that is measured begins;
 * the embedded database is part of it, and so is its filling.
 *
 *   npm run -s bench:growth -- [--rounds 5] [--largest 2000000]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server
 */

import { group } from '../src/model/format.ts';
import { populate } from '../src/tools/bench/population.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf, timed } from '../src/tools/bench/rounds.ts';
import { scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import type { ChildFigures } from './child.ts';
import { inChild } from './fork.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const ONCE = 2_000_000;
const { rounds, largest } = readOptions({ rounds: 5, largest: ONCE });
const sizes = [50_000, 500_000, ONCE].filter(size => size <= largest);
const roundsOf = (size: number) => (size === ONCE && !process.argv.includes('--rounds') ? 1 : rounds);

console.log(describeMachine());
console.log(`${ENGINE}, ${sizes.map(size => `${roundsOf(size)} × ${group(size)}`).join(', ')}, in turn`);
const measured = new Map(sizes.map(size => [size, [] as ChildFigures[]]));
for (let round = 0; round < rounds; round++) {
  for (const [users, figures] of measured) {
    if (round >= roundsOf(users)) continue;
    const taken = await measure(users);
    figures.push(taken);
    console.error(`round ${round + 1}: ${group(users)} users in ${taken.runSeconds.toFixed(1)} s`);
  }
}

const microsOf = (users: number) => measured.get(users)!.map(({ runSeconds }) => (runSeconds / users) * 1e6);
const smallest = microsOf(sizes[0]!);
for (const [users, figures] of measured) {
  const micros = microsOf(users);
  const fill = spreadOf(figures.map(({ fillSeconds }) => fillSeconds));
  const memory = spreadOf(figures.map(({ peakMegabytes }) => peakMegabytes));
  const run = spreadOf(figures.map(({ runSeconds }) => runSeconds));
  const relative = spreadOf(ratiosOf(micros, smallest));
  console.log(
    `${group(users).padStart(9)} users: ${show(spreadOf(micros))} µs a user, ${show(relative, ratio)} of the smallest; ` +
      `run ${show(run)} s, filling and warming ${show(fill)} s, peak ${show(memory)} MB`,
  );
}

async function measure(users: number): Promise<ChildFigures> {
  if (!process.env.CARDGENIUS_BENCH_URL) return inChild({ kind: 'whole', place: PLACE, users });
  await using scratch = await scratchDatabase(PLACE);
  const fillSeconds = await timed(() => populate(scratch.database, settings, users));
  return { ...(await inChild({ kind: 'join', at: scratch.at, processor: 'bench' })), fillSeconds };
}
