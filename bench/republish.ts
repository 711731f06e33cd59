/**
 * What does a week cost in which 95 % of the rows do not change, as a share of the first run?
 *
 *   npm run -s bench:republish -- [--users 50000] [--rounds 5]
 *   CARDGENIUS_BENCH_URL=mssql://… to measure SQL Server
 */

import { group } from '../src/model/format.ts';
import { measureRepublish } from '../src/tools/bench/republish.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 50_000, rounds: 5 });
const { first, next } = await measureRepublish(PLACE, settings, users, rounds);
const micros = (value: number) => `${value.toFixed(0)} µs`;

console.log(describeMachine());
console.log(`${ENGINE}, ${group(users)} users, ${rounds} rounds`);
console.log(`first: ${show(spreadOf(first), micros)} a user`);
console.log(`next:  ${show(spreadOf(next), micros)} a user, one user in twenty spends otherwise`);
console.log(`ratio: ${show(spreadOf(ratiosOf(next, first)), ratio)}`);
