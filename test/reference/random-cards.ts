import fc from 'fast-check';
import { CATEGORIES } from '../../src/model/spending.ts';
import { cardOf } from './engine-rows.ts';
import type { ReferenceRules } from './reference.ts';

const PERIODS = ['month', 'quarter', 'half_year', 'year'] as const;
const period = fc.constantFrom(...PERIODS);
const per = fc.constantFrom(100, 125, 150, 200, 250, 700, 40, 33.3);
const earning = fc.record({ points: fc.constantFrom(0, 1, 2, 2.5, 4, 5, 7, 10, 20, 0.3333), per });
const room = fc.constantFrom(0, 1, 7, 100, 333.3333, 1000, 5000);
const rupees = fc.integer({ min: 0, max: 50_000_000 }).map(paise => paise / 100);

const slabs = fc
  .record({
    every: period,
    order: fc.option(fc.shuffledSubarray([...CATEGORIES], { minLength: 1 }), { nil: undefined }),
    thresholds: fc.uniqueArray(fc.integer({ min: 1, max: 500_000 }), { maxLength: 3 }),
    earnings: fc.array(earning, { minLength: 4, maxLength: 4 }),
  })
  .map(({ every, order, thresholds, earnings }) => {
    const edges = [0, ...thresholds.sort((a, b) => a - b)];
    const bands = edges.map((from, i) => (i === edges.length - 1 ? { from } : { from, to: edges[i + 1] }));
    return { every, order, bands: bands.map((band, i) => ({ ...band, ...earnings[i]! })) };
  });

/** The least of a card's rates, or a part of it, is an overflow rate that no cap may refuse. */
function leastOf(rates: readonly { points: number; per: number }[], part: number) {
  const least = rates.reduce((a, b) => (a.points * b.per <= b.points * a.per ? a : b));
  return { points: part === 1 ? least.points : 0, per: least.per };
}

const cap = fc.record({
  categories: fc.shuffledSubarray([...CATEGORIES], { minLength: 1 }),
  points: room,
  every: period,
  counts: fc.constantFrom('total', 'bonus'),
  part: fc.constantFrom(undefined, 0, 1),
});

const figures = fc.record({
  earn: fc.record(
    {
      base: earning,
      amazon: earning,
      flipkart: earning,
      myntra: earning,
      ajio: earning,
      grocery: earning,
      otherOnline: earning,
    },
    { requiredKeys: ['base'] },
  ),
  slabs: fc.option(slabs, { nil: undefined, freq: 2 }),
  caps: fc.array(cap, { maxLength: 3 }),
  redemption: fc.array(
    fc.record({
      method: fc.constantFrom('Vouchers', 'Cashback', 'Travel', 'Airmiles'),
      rate: fc.constantFrom(0, 0.2, 0.25, 0.3333, 1, 9.9999),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  milestones: fc.array(fc.record({ spend: rupees, every: period, value: rupees, counted: fc.boolean() }), {
    maxLength: 3,
  }),
});

/** Ten cards with every combination that the catalogue allows, also those that the shipped one has not. */
export const tenCards = fc
  .array(fc.record({ figures, joining: rupees, recommended: fc.nat(2), isShown: fc.boolean() }), {
    minLength: 10,
    maxLength: 10,
  })
  .map(cards =>
    cards.map(({ figures: { caps, redemption, ...rest }, joining, recommended, isShown }, i) => {
      const rates = rest.slabs?.bands ?? [rest.earn.base, ...CATEGORIES.map(c => rest.earn[c] ?? rest.earn.base)];
      const withOverflow = caps.map(({ part, ...others }) =>
        part === undefined ? others : { ...others, overflow: leastOf(rates, part) },
      );
      return cardOf(`card ${i}`, joining, {
        ...rest,
        ...(isShown ? { displayName: `shown ${9 - i}` } : {}),
        caps: withOverflow,
        redemption: redemption.map((way, at) => ({ ...way, recommended: at === recommended % redemption.length })),
      });
    }),
  );

/** Every combination of rules; most often the defaults, which are then left out. */
export const rules = fc.record(
  {
    milestones: fc.constantFrom('earning', 'all'),
    redemption: fc.constantFrom('vouchers_or_cashback', 'recommended'),
    points: fc.constantFrom('exact', 'whole'),
    fees: fc.constantFrom('without_gst', 'with_gst'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ReferenceRules>;

/** Six amounts in paise that are believed, confirmed last. */
export const amounts = fc
  .array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 400 }).map(times => times * 50_000),
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.integer({ min: 0, max: 150_000_000 }),
    ),
    { minLength: 6, maxLength: 6 },
  )
  .map(six => six.map((amount, c) => (c < 5 ? amount : six.reduce((sum, each) => sum + each, 0))));
