import test from 'ava';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { answersOf, cardOf, catalogOf, padded, rowsOf } from '../reference/engine-rows.ts';
import type { ReferenceRow } from '../reference/reference.ts';

const ALL = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery', 'otherOnline'];
const per100 = (points: number) => ({ points, per: 100 });
const per150 = (points: number) => ({ points, per: 150 });
const engineOf = (cards: readonly object[], rules: object = {}) => {
  const recommended = [{ method: 'Cashback', rate: 1, recommended: true }];
  const rest = padded(cards).map(card => (cards.includes(card) ? card : { ...card, redemption: recommended }));
  return createBuiltInEngine({ catalog: catalogOf(rest, rules) });
};

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
async function rowOf(figures: object, user: string, joining = 0, rules: object = {}): Promise<ReferenceRow> {
  const rows = await rowsOf(engineOf([cardOf('it', joining, figures)], rules), paise(user));
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
  t.deepEqual(row.points, [0, 2000, 0, 0, 0, 0], 'amazon 40 → 10 + 30/4 = 17.5; flipkart is listed first and takes 20');
});

test('a cap is filled in the order in which it lists its categories, not by rate', async t => {
  const earn = { base: per100(1), amazon: per100(4), flipkart: per100(2) };
  const cap = (categories: string[]) => [{ categories, points: 30, every: 'month' }];
  const spends = '1000, 1000, 0, 0, 0, 0';
  const worst = await rowOf({ earn, caps: cap(['flipkart', 'amazon']) }, spends);
  t.deepEqual(worst.points, [1000, 2000, 0, 0, 0, 0]);
  t.deepEqual((await rowOf({ earn, caps: cap(['amazon', 'flipkart']) }, spends)).points, [3000, 0, 0, 0, 0, 0]);
});

test('slabs with an order: the first category takes the first band, one that is not named earns nothing', async t => {
  const bands = [
    { from: 0, to: 20_000, ...per150(3) },
    { from: 20_000, ...per150(10) },
  ];
  const slabs = { every: 'month', bands, order: ['flipkart', 'amazon', 'otherOnline'] };
  const row = await rowOf({ slabs }, '15000, 15000, 9000, 0, 0, 69000');
  // flipkart 15,000 × 3/150; amazon 5,000 × 3/150 + 10,000 × 10/150; otherOnline 30,000 × 10/150
  t.deepEqual(row.points, [76_667, 30_000, 0, 0, 0, 200_000]);
  const caps = [{ categories: ['flipkart', 'amazon', 'otherOnline', 'myntra'], points: 1_500, every: 'month' }];
  const capped = await rowOf({ slabs, caps }, '15000, 15000, 9000, 0, 0, 69000');
  t.deepEqual(capped.points, [76_667, 30_000, 0, 0, 0, 43_333], 'a cap has its own order, of what the bands gave');
});

test('slabs with an order over a quarter run through it with three months of spend', async t => {
  const bands = [
    { from: 0, to: 60_000, ...per100(1) },
    { from: 60_000, ...per100(4) },
  ];
  const slabs = { every: 'quarter', bands, order: ['amazon', 'flipkart'] };
  t.deepEqual((await rowOf({ slabs }, '30000, 10000, 0, 0, 0, 0')).points, [60_000, 40_000, 0, 0, 0, 0]);
});

test('only spend that earns counts for a milestone, unless the catalogue says all', async t => {
  const earn = { base: per100(1), grocery: per100(0) };
  const milestones = [{ spend: 90_000, every: 'quarter', value: 100 }];
  t.is((await rowOf({ earn, milestones }, '29999.99, 0, 0, 0, 5000, 0')).extra, 0);
  t.is((await rowOf({ earn, milestones }, '30000, 0, 0, 0, 5000, 0')).extra, 40_000);
  t.is((await rowOf({ earn, milestones }, '29999.99, 0, 0, 0, 0.01, 0', 0, { milestones: 'all' })).extra, 40_000);

  const bands = [
    { from: 0, to: 50_000, ...per100(0) },
    { from: 50_000, ...per100(1) },
  ];
  const slabs = { every: 'month', bands };
  t.is((await rowOf({ slabs, milestones }, '30000, 0, 0, 0, 0, 0')).extra, 40_000, 'a band of 0 points counts');
  const ordered = { slabs: { ...slabs, order: ['amazon'] }, milestones };
  t.is((await rowOf(ordered, '29999.99, 5000, 0, 0, 0, 0')).extra, 0, 'a category without a place does not');
  t.is((await rowOf(ordered, '30000, 0, 0, 0, 0, 0')).extra, 40_000);
});

test('the recommended option counts where the catalogue says so, whatever its method', async t => {
  const redemption = [
    { method: 'Vouchers', rate: 0.5 },
    { method: 'Airmiles', rate: 0.4, recommended: true },
  ];
  const spends = '1000, 0, 0, 0, 0, 0';
  t.like(await rowOf({ redemption }, spends), { method: 'Vouchers', rate: 5_000, yearly: 6_000 });
  const rules = { redemption: 'recommended' };
  t.like(await rowOf({ redemption }, spends, 0, rules), { method: 'Airmiles', rate: 4_000, yearly: 4_800 });
});

test('whole points: each category is rounded half up before caps, which may leave fractions', async t => {
  const rules = { points: 'whole' };
  const earn = { base: per100(1) };
  const row = await rowOf({ earn }, '150, 149.99, 50, 49.99, 0, 0', 0, rules);
  t.deepEqual(row.points, [200, 100, 100, 0, 0, 0]);
  t.is(row.yearly, 4_800);
  const caps = [{ categories: ['amazon'], points: 1, every: 'quarter', overflow: per100(0) }];
  t.is((await rowOf({ earn, caps }, '150, 0, 0, 0, 0, 0', 0, rules)).points[0], 33);
  const slabs = { every: 'month', bands: [{ from: 0, ...per100(1) }] };
  t.deepEqual((await rowOf({ slabs }, '150, 149.99, 0, 0, 0, 0', 0, rules)).points, [200, 100, 0, 0, 0, 0]);
});

test('fees with GST are 1.18 times the fee, half up to the paisa', async t => {
  const rules = { fees: 'with_gst' };
  t.like(await rowOf({}, '0, 0, 0, 0, 0, 0', 999, rules), { joining: 117_882, net: -117_882 });
  t.is((await rowOf({}, '0, 0, 0, 0, 0, 0', 0.25, rules)).joining, 30, '0.295');
  t.is((await rowOf({}, '0, 0, 0, 0, 0, 0', 999)).joining, 99_900);
});

test('a display name is stored in place of the name, and breaks ties', async t => {
  const rows = await rowsOf(
    engineOf([cardOf('a', 0, { displayName: 'z' }), cardOf('b', 0, {}), cardOf('c', 0, { displayName: 'a' })]),
    paise('0, 0, 0, 0, 0, 0'),
  );
  t.deepEqual(
    rows.slice(0, 3).map(row => row.cardName),
    ['a', 'b', 'z'],
  );
});

test('the rules are part of the fingerprint', t => {
  const cards = padded([]);
  const prints = [{}, { fees: 'with_gst' }, { points: 'whole' }, { milestones: 'all' }].map(
    rules => createBuiltInEngine({ catalog: { ...catalogOf(cards, rules), sha256: '' } }).fingerprint,
  );
  t.is(new Set(prints).size, prints.length);
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

test('so do points alone that it cannot hold, on a card that ranks first for no user', async t => {
  const worthless = { earn: { base: { points: 1000, per: 1 } }, redemption: [{ method: 'Travel', rate: 1 }] };
  const engine = engineOf([cardOf('it', 0, worthless)]);
  const [first, second] = await answersOf(engine, [
    paise('10000000, 0, 0, 0, 0, 0'),
    paise('9999999.99, 0, 0, 0, 0, 0'),
  ]);
  t.deepEqual(first, { failure: 'RESULT_OUT_OF_RANGE', message: 'amazon_points of it does not fit DECIMAL(12,2)' });
  t.true('rows' in second!);
});
