/**
 * What share of the driver's own speed does our staging load reach?
 *
 *   npm run -s bench:load -- [--users 10000] [--rounds 7]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server
 */

import { createEngine } from '../src/engine/create-engine.ts';
import { group } from '../src/model/format.ts';
import { measureLoad } from '../src/tools/bench/bench-load.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 10_000, rounds: 7 });
const { rows, ours, floor } = await measureLoad(PLACE, await createEngine(settings), users, rounds);

console.log(describeMachine());
console.log(`${ENGINE}, ${group(rows)} rows a load, ${rounds} rounds`);
console.log(`ours:  ${show(spreadOf(ours))} rows/s (from the engine’s columns)`);
console.log(`floor: ${show(spreadOf(floor))} rows/s (the driver, ready-made rows, one table)`);
console.log(`ratio: ${show(spreadOf(ratiosOf(ours, floor)), ratio)}`);
