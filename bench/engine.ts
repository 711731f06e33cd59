/**
 * How many users a second does the built-in engine serve on one core, over the whole catalogue?
 *
 *   npm run -s bench:engine -- [--users 100000] [--rounds 5]
 */

import { createEngine } from '../src/engine/create-engine.ts';
import { group } from '../src/model/format.ts';
import { measureEngine } from '../src/tools/bench/bench-engine.ts';
import { describeMachine, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 100_000, rounds: 5 });
const engine = await createEngine(settings);
const rates = await measureEngine(engine, users, rounds);

console.log(describeMachine());
console.log(
  `engine: ${show(spreadOf(rates))} users/s on one core; ${engine.cards.length} cards, ${group(users)} users, ${rounds} rounds`,
);
