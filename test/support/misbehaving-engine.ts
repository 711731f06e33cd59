/** An engine that does wrong what can be done wrong: the rupees on amazon say what. It serves everybody else well. */
import { setTimeout } from 'node:timers/promises';
// Not from the package: threads that die are started again and again, and loading all of it takes each a quarter of a second.
import { defineEngine, type EngineRow, UserRejected } from '../../src/engine/plugin/define-engine.ts';
import { CATEGORIES } from '../../src/model/spending.ts';

const CARDS = Array.from({ length: 12 }, (_, i) => ({
  name: `Card ${String.fromCharCode(65 + i)}`,
  joiningFees: i * 10_000,
  redemptionMethod: 'Cashback',
  redemptionRate: 10_000,
}));
const POINTS = Object.fromEntries(CATEGORIES.map(category => [category, 100])) as EngineRow['points'];
const GOOD: readonly EngineRow[] = CARDS.slice(0, 10).map(({ name }) => ({
  card: name,
  yearly: 7_200,
  extra: 0,
  points: POINTS,
}));
const withRow = (place: number, change: object) => GOOD.map((row, i) => (i === place ? { ...row, ...change } : row));

const asked = new Map<number, number>();

/** Throws beside the answer, which ends the thread, too. */
function beside(thrown: unknown): Promise<readonly EngineRow[]> {
  process.nextTick(() => {
    throw thrown;
  });
  return setTimeout(60_000, GOOD);
}

const BEHAVIOURS: Readonly<Record<number, () => readonly EngineRow[] | Promise<readonly EngineRow[]>>> = {
  1: () => {
    throw new Error('out of luck');
  },
  2: () => new Promise(() => {}),
  3: () => {
    for (;;);
  },
  4: () => GOOD.slice(1),
  5: () => withRow(2, { yearly: Number.NaN }),
  6: () => withRow(3, { card: 'Card A' }),
  7: () => withRow(0, { yearly: 1_000_000_000_000 }),
  8: () => withRow(4, { card: 'Card Z' }),
  9: () => withRow(5, { extra: 0.5 }),
  10: () => GOOD.toReversed(),
  11: () => {
    throw new UserRejected('too young for a card');
  },
  12: () => withRow(0, { net: 1 }),
  13: async () => {
    await setTimeout(1);
    throw new Error('the service says 503');
  },
  14: () => {
    const times = (asked.get(14) ?? 0) + 1; // fails twice, then answers
    asked.set(14, times);
    if (times < 3) throw new Error('not yet');
    return GOOD;
  },
  15: () => process.exit(7), // of a thread: it ends the thread
  16: () => beside(undefined),
  17: () => beside(null),
};

export default defineEngine({
  name: 'misbehaving',
  version: '1',
  cards: CARDS,
  retryDelayMs: 1,
  create: () => ({ recommend: ({ spends }) => (BEHAVIOURS[spends.amazon / 100] ?? (() => GOOD))() }),
});
