/**
 * How fast is a whole run (plan, claim, read, compute, load, publish), and what share of the floor is that?
 *
 *   npm run -s bench:run -- [--users 50000] [--rounds 5]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server
 */

import { group } from '../src/model/format.ts';
import { measureRun, type RawRatios } from '../src/tools/bench/bench-run.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { verdictOf } from '../src/tools/bench/verdict.ts';
import { ENGINE, PLACE, peakMemory, readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 50_000, rounds: 5 });
const { run, floor, stages, callsPerChunk, raw } = await measureRun(PLACE, settings, users, rounds);

console.log(describeMachine());
console.log(`${ENGINE}, ${group(users)} users, ${rounds} rounds`);
console.log(`run:    ${show(spreadOf(run))} users/s`);
console.log(`floor:  ${show(spreadOf(floor))} users/s (load and publish of rows computed beforehand)`);
console.log(`ratio:  ${show(spreadOf(ratiosOf(run, floor)), ratio)}`);
console.log(
  `chunk:  ${Object.entries(stages)
    .map(([stage, ms]) => `${stage} ${group(ms)} ms`)
    .join(', ')}`,
);
console.log(`calls:  ${callsPerChunk.toFixed(1)} of the database for a chunk`);
if (raw.length > 0) {
  const asMade = raw.map(figures => figures.asMade);
  const times = (all: readonly RawRatios[]) => show(spreadOf(all.map(({ timeRatio }) => timeRatio)), ratio);
  const logs = (all: readonly RawRatios[]) => show(spreadOf(all.map(({ logRatio }) => logRatio)), ratio);
  console.log(`raw:    ${times(raw)} (plain COPY of the same rows ÷ run, in time)`);
  console.log(`        ${times(asMade)} where the table has all indexes and checks of card_recommendations`);
  console.log(`log:    ${show(spreadOf(raw.map(({ logBytesPerUser }) => logBytesPerUser)))} bytes a user`);
  console.log(`        ${logs(raw)} of the plain COPY’s, ${logs(asMade)} where the table has all of them`);
}
console.log(verdictOf(stages, spreadOf(ratiosOf(run, floor)).median));
console.log(`memory: ${group(peakMemory())} MB at its peak, the floor’s rows and (embedded) the database included`);
