import test from 'ava';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { answersOf, cardOf, catalogOf, padded, rowsOf } from '../reference/engine-rows.ts';
import type { ReferenceRow } from '../reference/reference.ts';

const ALL = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery', 'otherOnline'];
const per100 = (points: number) => ({ points, per: 100 });
const per150 = (points: number) => ({ points, per: 150 });
const engineOf = (cards: readonly object[]) => createBuiltInEngine({ catalog: catalogOf(padded(cards)) });

/** The five cards of the document's worked example. */
const FIVE = engineOf([
  cardOf('Amazon Pay ICICI', 0, { earn: { base: per100(1), amazon: per100(5) } }),
  cardOf('CASHBACK SBI', 999, {
    earn: { base: per100(5) },
    caps: [{ categories: ALL, points: 5000, every: 'month' }],
  }),
  cardOf('Millennia', 1000, {
    earn: { base: per100(1), amazon: per100(5), flipkart: per100(5), myntra: per100(5) },
    caps: [
      { categories: ['amazon', 'flipkart', 'myntra'], points: 1000, every: 'month' },
      { categories: ['ajio', 'grocery', 'otherOnline'], points: 1000, every: 'month' },
    ],
    redemption: [{ method: 'Vouchers', rate: 1 }],
    milestones: [{ spend: 100_000, every: 'quarter', value: 1000 }],
  }),
  cardOf('Regalia Gold', 2500, {
    earn: { base: per150(4), myntra: per150(20) },
    caps: [
      { categories: ['myntra'], points: 5000, every: 'month', counts: 'bonus', overflow: per150(4) },
      { categories: ['grocery'], points: 2000, every: 'month' },
    ],
    redemption: [
      { method: 'Vouchers', rate: 0.5 },
      { method: 'Cashback', rate: 0.2 },
      { method: 'Travel', rate: 0.5 },
    ],
    milestones: [
      { spend: 150_000, every: 'quarter', value: 1500 },
      { spend: 500_000, every: 'year', value: 5000 },
      { spend: 0, every: 'month', value: 250, counted: false, note: 'needs 6 transactions: unknown here' },
    ],
  }),
  cardOf('IDFC Select', 0, {
    slabs: {
      every: 'month',
      bands: [
        { from: 0, to: 20_000, ...per150(3) },
        { from: 20_000, ...per150(10) },
      ],
    },
    redemption: [{ method: 'Vouchers', rate: 0.25 }],
  }),
]);

const paise = (rupees: string) => rupees.split(', ').map(text => Math.round(Number(text) * 100));

/** A row as the document writes it: yearly, fee, extra, net | six points. */
function written({ yearly, joining, extra, net, points }: ReferenceRow): string {
  const two = (value: number) => (value / 100).toFixed(2);
  return `${[yearly, joining, extra, net].map(two).join(', ')} | ${points.map(two).join(', ')}`;
}

const EXAMPLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '50000, 30000, 10000, 5000, 15000, 120000': {
    'CASHBACK SBI': '60000.00, 999.00, 0.00, 59001.00 | 2500.00, 1500.00, 500.00, 250.00, 250.00, 0.00',
    'Amazon Pay ICICI': '38400.00, 0.00, 0.00, 38400.00 | 2500.00, 300.00, 100.00, 50.00, 150.00, 100.00',
    'Regalia Gold': '25600.00, 2500.00, 11000.00, 34100.00 | 1333.33, 800.00, 1333.33, 133.33, 400.00, 266.67',
    'IDFC Select': '21200.00, 0.00, 0.00, 21200.00 | 2944.44, 1766.67, 588.89, 294.44, 883.33, 588.89',
    Millennia: '15600.00, 1000.00, 4000.00, 18600.00 | 1000.00, 0.00, 0.00, 50.00, 150.00, 100.00',
  },
  '333.33, 0.01, 12345.67, 0, 7.77, 0': {
    'Regalia Gold': '9931.11, 2500.00, 0.00, 7431.11 | 8.89, 0.00, 1646.09, 0.00, 0.21, 0.00',
    'CASHBACK SBI': '7612.07, 999.00, 0.00, 6613.07 | 16.67, 0.00, 617.28, 0.00, 0.39, 0.00',
  },
  '0, 0, 50000, 0, 0, 50000': {
    'Regalia Gold': '38000.00, 2500.00, 11000.00, 46500.00 | 0.00, 0.00, 6333.33, 0.00, 0.00, 0.00',
  },
};
for (const [user, expected] of Object.entries(EXAMPLES)) {
  test(`worked example: ${user}`, async t => {
    const rows = await rowsOf(FIVE, paise(user));
    const ours = rows.filter(row => row.cardName in expected);
    t.deepEqual(Object.fromEntries(ours.map(row => [row.cardName, written(row)])), expected);
    t.deepEqual(
      ours.map(row => row.cardName),
      Object.keys(expected),
      'ranked as in the table',
    );
  });
}

test('a user who spends nothing, or whose amounts are NULL, still gets ten cards', async t => {
  const rows = await rowsOf(FIVE, [null, null, null, null, null, null]);
  t.is(rows.length, 10);
  t.deepEqual(rows, await rowsOf(FIVE, [0, 0, 0, 0, 0, 0]));
  t.deepEqual(
    rows.slice(0, 5).map(row => row.cardName),
    ['Amazon Pay ICICI', 'IDFC Select', 'CASHBACK SBI', 'Millennia', 'Regalia Gold'],
  );
});

test('a bad amount makes that one user fail, the first bad column named', async t => {
  const answers = await answersOf(FIVE, [
    [-500, -1, 0, 0, 0, 0],
    [1_200_000_000, 0, 0, 0, 0, -1],
    [0, 0, 0, 0, 0, -1],
    [0, Number.NaN, 0, 0, 0, 0],
    [1_000_000_000, 0, 0, 0, 0, 0],
  ]);
  const failures = answers.slice(0, 4).map(answer => ('failure' in answer ? answer : undefined));
  t.deepEqual(failures, [
    { failure: 'INVALID_SPENDING', message: 'avg_amazon_gmv is negative: -5.00' },
    { failure: 'INVALID_SPENDING', message: 'avg_amazon_gmv is above the limit of 10000000.00: 12000000.00' },
    { failure: 'INVALID_SPENDING', message: 'avg_confirmed_gmv is negative: -0.01' },
    { failure: 'INVALID_SPENDING', message: 'avg_flipkart_gmv is not a number' },
  ]);
  t.true('rows' in answers[4]!, 'the limit itself is believed');
});

/** The row of one card among nine that earn nothing. */
async function rowOf(figures: object, user: string, joining = 0): Promise<ReferenceRow> {
  const rows = await rowsOf(engineOf([cardOf('it', joining, figures)]), paise(user));
  return rows.find(row => row.cardName === 'it')!;
}

test('other online is what is confirmed beyond the five, never less than nothing', async t => {
  t.is((await rowOf({}, '1, 2, 3, 4, 5, 115')).points[5], 100);
  t.is((await rowOf({}, '100, 200, 300, 400, 500, 115')).points[5], 0);
});

test('halves are rounded up, of the decimals that are written', async t => {
  // 1.005 points: the double nearest to it lies below the half
  const row = await rowOf({ earn: { base: { points: 0.1005, per: 1 } } }, '10, 0, 0, 0, 0, 0');
  t.is(row.points[0], 101);
  t.is(row.yearly, 1206, 'rounded once, of the exact points: 12 × 1.005, not 12 × 1.01');
});

test('a way that is neither vouchers nor cashback does not count; of equal ways the first', async t => {
  const none = await rowOf({ redemption: [{ method: 'Travel', rate: 1 }] }, '100, 0, 0, 0, 0, 0');
  t.like(none, { method: 'None', rate: 0, yearly: 0 });
  t.is(none.points[0], 100);
  const redemption = [
    { method: 'Travel', rate: 1 },
    { method: 'Cashback', rate: 0.25 },
    { method: 'Vouchers', rate: 0.25 },
  ];
  t.like(await rowOf({ redemption }, '100, 0, 0, 0, 0, 0'), { method: 'Cashback', rate: 2500 });
});

test('a milestone is reached at its spend, not a paisa before', async t => {
  const milestones = [{ spend: 90_000, every: 'quarter', value: 100 }];
  t.is((await rowOf({ milestones }, '30000, 0, 0, 0, 0, 0')).extra, 40_000);
  t.is((await rowOf({ milestones }, '29999.99, 0, 0, 0, 0, 0')).extra, 0);
});

test('a cap of a year has a twelfth of its room a month; overflow earns beyond it', async t => {
  const earn = { base: per100(1), grocery: per100(10) };
  const caps = [{ categories: ['grocery'], points: 1200, every: 'year', overflow: per100(1) }];
  const row = await rowOf({ earn, caps }, '0, 0, 0, 0, 2000, 0');
  t.is(row.points[4], 11_000, '100 within the cap; the other ₹1,000 at 1 per 100');
});

test('a cap after a cap sees what the first left, at the rates of step 1', async t => {
  const earn = { base: per100(1), amazon: per100(4), flipkart: per100(2) };
  const caps = [
    { categories: ['amazon'], points: 10, every: 'month', overflow: per100(1) },
    { categories: ['flipkart', 'amazon'], points: 20, every: 'month' },
  ];
  const row = await rowOf({ earn, caps }, '1000, 1000, 0, 0, 0, 0');
  t.deepEqual(row.points, [1750, 250, 0, 0, 0, 0], 'amazon 40 → 10 + 30/4 = 17.5 first, flipkart the room of 2.5');
});

test('equal nets are ranked by yearly savings, equal yearly savings by name, code point by code point', async t => {
  const names = ['a', 'B', '\u{1F600}', '\uFF21', 'Z', 'é'];
  const same = names.map(name => cardOf(name, 0, {}));
  const richer = cardOf('zz', 120, { earn: { base: per100(2) } }); // 120 more a year, and a fee of 120
  const rows = await rowsOf(engineOf([...same, richer]), paise('1000, 0, 0, 0, 0, 0'));
  t.deepEqual(
    rows.slice(0, 7).map(row => row.cardName),
    ['zz', 'B', 'Z', 'a', 'é', '\uFF21', '\u{1F600}'],
  );
});

test('a result that DECIMAL(12,2) cannot hold fails that user', async t => {
  const earn = { base: { points: 1000, per: 1 } };
  const engine = engineOf([cardOf('it', 0, { earn })]);
  const answers = await answersOf(engine, [
    [100_000_000, 0, 0, 0, 0, 0],
    [10_000, 0, 0, 0, 0, 0],
  ]);
  t.deepEqual(answers[0], {
    failure: 'RESULT_OUT_OF_RANGE',
    message: 'total_savings_yearly of it does not fit DECIMAL(12,2)',
  });
  t.true('rows' in answers[1]!);
});

test('so do points alone that it cannot hold, on a card that nobody would rank first', async t => {
  const worthless = { earn: { base: { points: 1000, per: 1 } }, redemption: [{ method: 'Travel', rate: 1 }] };
  const engine = engineOf([cardOf('it', 0, worthless)]);
  const [first, second] = await answersOf(engine, [
    paise('10000000, 0, 0, 0, 0, 0'),
    paise('9999999.99, 0, 0, 0, 0, 0'),
  ]);
  t.deepEqual(first, { failure: 'RESULT_OUT_OF_RANGE', message: 'amazon_points of it does not fit DECIMAL(12,2)' });
  t.true('rows' in second!);
});
