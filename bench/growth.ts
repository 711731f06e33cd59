/**
 * Does a user cost the same among two million as among fifty thousand, and how much memory does the process take?
 *
 * Each size in a database of its own, one after the other. On a server the users are there before the process that is measured
 * begins; the embedded database is part of it, and so is its filling.
 *
 *   npm run -s bench:growth -- [--rounds 1] [--largest 2000000]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server
 */
import { populate } from '../src/bench/population.ts';
import { describeMachine, group, ratio, show, spreadOf, timed } from '../src/bench/rounds.ts';
import { scratchDatabase } from '../src/bench/scratch-database.ts';
import type { ChildFigures } from './child.ts';
import { inChild } from './fork.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { rounds, largest } = readOptions({ rounds: 1, largest: 2_000_000 });
const sizes = [50_000, 500_000, 2_000_000].filter(size => size <= largest);

console.log(describeMachine());
console.log(`${ENGINE}, ${rounds} round(s)`);
const smallest: number[] = [];
for (const users of sizes) {
  const figures = [];
  for (let round = 0; round < rounds; round++) figures.push(await measure(users));
  const micros = figures.map(({ runSeconds }) => (runSeconds / users) * 1e6);
  if (smallest.length === 0) smallest.push(...micros);
  const fill = spreadOf(figures.map(({ fillSeconds }) => fillSeconds));
  const memory = spreadOf(figures.map(({ peakMegabytes }) => peakMegabytes));
  const run = spreadOf(figures.map(({ runSeconds }) => runSeconds));
  const relative = spreadOf(micros.map((value, round) => value / smallest[round]!));
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
