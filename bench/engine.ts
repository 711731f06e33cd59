/**
 * How many users a second does the built-in engine serve on one core, over the whole catalogue?
 *
 *   npm run -s bench:engine -- [--users 100000] [--rounds 5]
 */

import { loadSettings } from '../src/config/settings.ts';
import { createEngine } from '../src/engine/create.ts';
import { inventUser } from '../src/exchange/seed-spending.ts';
import { SPENDING_COLUMNS, type SpendingSlice } from '../src/model/spending.ts';
import { describeMachine, group, numberOption, show, spreadOf, timed } from './harness.ts';

const users = numberOption('users', 100_000);
const rounds = numberOption('rounds', 5);
const SLICE = 1_000;

const engine = await createEngine(await loadSettings({ env: {}, cwd: import.meta.dirname }));
const slices: SpendingSlice[] = [];
for (let from = 1; from <= users; from += SLICE) {
  const count = Math.min(SLICE, users - from + 1);
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (let i = 0; i < count; i++) {
    for (const [c, amount] of inventUser(from + i, 1).amounts.entries()) amounts[c * count + i] = amount ?? 0;
  }
  slices.push({ count, userNo: Int32Array.from({ length: count }, (_, i) => i + 1), amounts });
}

let rows = 0;
const pass = async () => {
  rows = 0;
  for (const slice of slices) rows += (await engine.recommend(slice)).cardNo.length;
};
await pass(); // warm
const rates: number[] = [];
for (let round = 0; round < rounds; round++) rates.push(users / (await timed(pass)));

console.log(describeMachine());
console.log(
  `engine: ${show(spreadOf(rates))} users/s on one core; ${engine.cards.length} cards, ${group(users)} users, ${group(rows)} rows, ${rounds} rounds`,
);
