import { join } from 'node:path';
import test from 'ava';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { loadCatalog } from '../../src/engine/catalog.ts';
import { type Explanation, explainAll } from '../../src/engine/explain.ts';
import { explanationJson, explanationText } from '../../src/engine/explain-words.ts';
import { add, compare, multiply, rational, roundHalfUp, subtract, ZERO } from '../../src/engine/rational.ts';
import { whyNot } from '../../src/engine/why-not.ts';
import { answersOf, cardOf, catalogOf, padded } from '../reference/engine-rows.ts';
import { randomUser, seededRandom } from '../reference/random-users.ts';

const CATALOG = await loadCatalog(join(import.meta.dirname, '../../catalog/cards.json'));
const LIMIT = 1_000_000_000;

/** Whether the steps lead to the figures, in exact fractions: earned, less what overflowed, plus what it earned instead. */
function addsUp({ earn, caps, slabs, points, redemption, yearly, extra, milestones, joiningFees, net }: Explanation) {
  const after = earn.map((step, c) => {
    const fills = caps.flatMap(cap => cap.fills.filter(fill => fill.category === c));
    return fills.reduce((left, fill) => add(subtract(left, fill.excess), fill.instead), step.earned);
  });
  const sameAfter = after.every((value, c) => compare(value, earn[c]!.points) === 0);
  const perMonth = { month: 1n, quarter: 3n, half_year: 6n, year: 12n };
  const fromBands =
    slabs === undefined ||
    compare(
      multiply(slabs.bands.map(band => band.points).reduce(add, ZERO), rational(1n, perMonth[slabs.every])),
      earn.map(step => step.earned).reduce(add, ZERO),
    ) === 0;
  const sum = after.reduce(add, ZERO);
  const paise = roundHalfUp(multiply(sum, rational(BigInt(redemption.rate) * 1_200n, 10_000n)));
  const reached = milestones.filter(step => step.counted && step.reached);
  return (
    sameAfter &&
    fromBands &&
    compare(sum, points) === 0 &&
    Number(paise) === yearly &&
    reached.reduce((total, step) => total + step.value * step.timesAYear, 0) === extra &&
    yearly + extra - joiningFees === net
  );
}

test('1,000 random users: every explanation adds up to the engine’s figures', async t => {
  const random = seededRandom(88);
  const users = Array.from({ length: 1_000 }, () => randomUser(random, LIMIT));
  const answers = await answersOf(createBuiltInEngine({ catalog: CATALOG, maxMonthlySpend: LIMIT }), users);
  let [rows, wrong, bound, missed] = [0, 0, 0, 0];
  answers.forEach((answer, i) => {
    if (!('rows' in answer)) return;
    const names = answer.rows.map(row => row.cardName);
    explainAll(CATALOG, names, users[i]!).forEach((explanation, r) => {
      const row = answer.rows[r]!;
      const same =
        explanation.yearly === row.yearly &&
        explanation.extra === row.extra &&
        explanation.net === row.net &&
        explanation.redemption.method === row.method &&
        explanation.redemption.rate === row.rate &&
        explanation.roundedPoints.join() === row.points.join();
      rows++;
      if (!same || !addsUp(explanation)) wrong++;
      if (explanation.caps.some(cap => cap.bound)) bound++;
      if (explanation.milestones.some(step => !step.reached)) missed++;
    });
  });
  t.log(`${rows} explanations, ${bound} with a cap that binds, ${missed} with a milestone missed, ${wrong} wrong`);
  t.is(wrong, 0);
  t.true(rows > 8_000 && bound > 500 && missed > 500);
});

/** A printed figure as a fraction, and in how many places it is printed. */
const printed = (text: string) => {
  const places = text.split('.')[1]?.length ?? 0;
  return { value: rational(BigInt(text.replace(/[₹,.]/g, '')), 10n ** BigInt(places)), places };
};

/** Whether `left` gives what is printed: to the last digit with `=`, by rounding with `≈`, which says that it is not exact. */
function isTrue(left: ReturnType<typeof rational>, sign: string, right: string): boolean {
  const { value, places } = printed(right);
  const scale = rational(10n ** BigInt(places));
  const isExact = compare(left, value) === 0;
  return sign === '='
    ? isExact
    : !isExact && roundHalfUp(multiply(left, scale)) === roundHalfUp(multiply(value, scale));
}

test('1,000 random users: each equation is true as it is printed, for people and in the words of --json', async t => {
  const random = seededRandom(89);
  const wrong: string[] = [];
  const seen = { earn: 0, savings: 0, bonus: 0, exact: 0 };
  const names = CATALOG.cards.map(({ name }) => name);
  for (let i = 0; i < 1_000; i++) {
    const some = [0, 1, 2, 3, 4].map(n => names[(5 * i + n) % names.length]!);
    for (const explanation of explainAll(CATALOG, some, randomUser(random, LIMIT))) {
      const { words } = explanationJson(explanation);
      t.is(explanationText([explanation]).split('\n').length, words.length + 1);
      for (const line of words) {
        const earn = /(₹[\d,.]+)(?: a month)? × ([\d.]+) points? for every (₹[\d,.]+) ([=≈]) ([\d,.]+)/.exec(line);
        const savings = /^savings: ([\d,.]+) points a month × (₹[\d.]+) × 12 months ([=≈]) (₹[\d,.]+)/.exec(line);
        if (earn !== null) {
          const [, spend, points, per, sign, result] = earn;
          const each = multiply(printed(spend!).value, printed(points!).value);
          const { numerator, denominator } = printed(per!).value;
          if (!isTrue(multiply(each, rational(denominator, numerator)), sign!, result!)) wrong.push(line);
          seen.earn++;
        }
        if (savings !== null) {
          const [, points, rate, sign, result] = savings;
          const year = multiply(multiply(printed(points!).value, printed(rate!).value), rational(12n));
          if (!isTrue(year, sign!, result!)) wrong.push(line);
          seen.savings++;
          if (sign === '=') seen.exact++;
        }
        for (const [, all, sign, base, bonus] of line.matchAll(
          / ([\d,.]+) ([=≈]) ([\d,.]+) base \+ ([\d,.]+) bonus/g,
        )) {
          const sum = add(printed(base!).value, printed(bonus!).value);
          if ((compare(sum, printed(all!).value) === 0) !== (sign === '=')) wrong.push(line);
          seen.bonus++;
        }
      }
    }
  }
  t.log(JSON.stringify(seen));
  t.deepEqual(wrong.slice(0, 5), []);
  t.true(seen.earn > 5_000 && seen.savings === 5_000 && seen.bonus > 50 && seen.exact > 500);
});

const MILLENNIA = cardOf('Millennia', 1_000, {
  earn: { base: { points: 1, per: 100 }, amazon: { points: 5, per: 100 } },
  caps: [{ categories: ['amazon'], points: 1_000, every: 'month', overflow: { points: 1, per: 100 } }],
  redemption: [
    { method: 'Vouchers', rate: 1 },
    { method: 'Cashback', rate: 0.5 },
    { method: 'Travel', rate: 2 },
  ],
  milestones: [
    { spend: 100_000, every: 'quarter', value: 1_000 },
    { spend: 2_000_000, every: 'year', value: 5_000 },
    { spend: 0, every: 'month', value: 250, counted: false, note: 'needs 6 transactions' },
  ],
});
const SELECT = cardOf('Select', 0, {
  slabs: {
    every: 'month',
    bands: [
      { from: 0, to: 20_000, points: 3, per: 150 },
      { from: 20_000, points: 10, per: 150 },
    ],
  },
});

test('in words, with Indian grouping', t => {
  const catalog = catalogOf(padded([MILLENNIA, SELECT]));
  const user = [5_000_000, 0, 0, 0, 1_000_000, 12_000_000];
  t.is(
    explanationText(explainAll(catalog, ['Millennia', 'Select'], user)),
    `1. Millennia: ₹27,000.00 a year
    Amazon        ₹50,000.00 a month × 5 points for every ₹100 = 2,500.00 points
    grocery       ₹10,000.00 a month × 1 point for every ₹100 = 100.00 points
    other online  ₹60,000.00 a month × 1 point for every ₹100 = 600.00 points
    cap           1,000 points a month on Amazon binds: 2,500.00 points wanted, 1,500.00 overflow (Amazon 1,500.00) and earn 300.00 points instead, at 1 point for every ₹100
    leaves        Amazon 1,300.00 points, grocery 100.00 points, other online 600.00 points
    redemption    Vouchers at ₹1.0000 for a point; Cashback at ₹0.5 is not better; Travel at ₹2 never counts
    savings       2,000.00 points a month × ₹1.0000 × 12 months = ₹24,000.00 a year
    milestone     ₹1,00,000.00 a quarter for ₹1,000.00: reached with ₹3,60,000.00; × 4 = ₹4,000.00 a year
    milestone     ₹20,00,000.00 a year for ₹5,000.00: missed by ₹5,60,000.00 (₹14,40,000.00 spent)
    milestone     ₹0.00 a month for ₹250.00: never counted (needs 6 transactions)
    net           ₹24,000.00 savings + ₹4,000.00 milestones − ₹1,000.00 joining fee = ₹27,000.00

2. Select: ₹84,800.00 a year
    slab          ₹0 to ₹20,000 a month: ₹20,000.00 × 3 points for every ₹150 = 400.00 points a month
    slab          above ₹20,000 a month: ₹1,00,000.00 × 10 points for every ₹150 ≈ 6,666.67 points a month
    leaves        Amazon 2,944.44 points, grocery 588.89 points, other online 3,533.33 points
    redemption    Cashback at ₹1.0000 for a point
    savings       7,066.667 points a month × ₹1.0000 × 12 months ≈ ₹84,800.00 a year
    net           ₹84,800.00 savings + ₹0.00 milestones − ₹0.00 joining fee = ₹84,800.00`,
  );
});

test('a bonus cap shows base and bonus of each category, so that it can be computed again', t => {
  const gold = cardOf('Gold', 0, {
    earn: { base: { points: 4, per: 150 }, myntra: { points: 20, per: 150 } },
    caps: [
      { categories: ['myntra'], points: 5_000, every: 'month', counts: 'bonus', overflow: { points: 4, per: 150 } },
    ],
  });
  const catalog = catalogOf(padded([gold]));
  const text = explanationText(explainAll(catalog, ['Gold'], [0, 0, 5_000_000, 0, 0, null]));
  t.true(
    text.includes(
      '; base is 4 points for every ₹150: Myntra 6,666.67 ≈ 1,333.33 base + 5,333.33 bonus, of which 5,000.00 count',
    ),
    text,
  );
  const [json] = explainAll(catalog, ['Gold'], [0, 0, 5_000_000, 0, 0, null]).map(explanationJson);
  t.like(json!.caps[0]!.fills[0], { found: '6666.67', base: '1333.33', wanted: '5333.33', counted: '5000.00' });
});

test('spend that does not count for a milestone, fees with GST, whole points and the order of slabs are said', t => {
  const bands = [
    { from: 0, to: 1_000, points: 1, per: 100 },
    { from: 1_000, points: 5, per: 100 },
  ];
  const redemption = [
    { method: 'Airmiles', rate: 0.5, recommended: true },
    { method: 'Cashback', rate: 1 },
  ];
  const card = cardOf('Odd', 100, {
    redemption,
    slabs: { every: 'month', bands, order: ['flipkart', 'amazon'] },
    milestones: [{ spend: 5_000, every: 'month', value: 10 }],
  });
  const cards = padded([card]).map(each => (each === card ? each : { ...each, redemption }));
  const catalog = catalogOf(cards, { redemption: 'recommended', fees: 'with_gst', points: 'whole' });
  const text = explanationText(explainAll(catalog, ['Odd'], [99_000, 105_000, 300_000, 0, 0, null]));
  t.regex(
    text,
    /slab order {4}Flipkart 12\.50, in whole points 13\.00 points, Amazon 49\.50, in whole points 50\.00 points/,
  );
  t.regex(text, /milestone .* missed by ₹2,960\.00 \(₹2,040\.00 spent, without Myntra: it earns nothing there\)/);
  t.regex(text, /Airmiles at ₹0\.5000 for a point; Cashback at ₹1 is not recommended/);
  t.regex(text, /− ₹118\.00 joining fee with GST/);
});

test('why a card is not among the ten: its place and what it lacks, or why it may not be', t => {
  const cards = [
    ...Array.from({ length: 11 }, (_, i) => cardOf(`card ${i}`, i * 100, {})),
    cardOf('closed', 0, { status: 'closed' }),
  ];
  const catalog = catalogOf(cards);
  const ask = (id: string) =>
    whyNot(catalog, 'open', catalog.cards.find(card => card.id === id)!, [1_000_000, 0, 0, 0, 0, 0]);
  t.like(ask('card 10'), { place: 11, cards: 11, lacks: 10_000, excluded: undefined });
  t.is(ask('card 10').tenth.name, 'card 9');
  t.like(ask('card 3'), { place: 4, lacks: 0 });
  t.like(ask('closed'), { place: 2, excluded: 'its status is closed, and only open cards are recommended' });
  const offered = whyNot(catalog, 'commissionable', catalog.cards[0]!, [0, 0, 0, 0, 0, 0]);
  t.is(offered.excluded, 'it is not known to be commissionable, and eligibleCards wants that');
});

test('as JSON: amounts as decimal text', t => {
  const [explanation] = explainAll(catalogOf(padded([MILLENNIA])), ['Millennia'], [5_000_000, 0, 0, 0, 0, null]);
  const json = explanationJson(explanation!);
  t.like(json, {
    card: 'Millennia',
    pointsAMonth: '1300.00',
    total_savings_yearly: '15600.00',
    net_savings: '18600.00',
  });
  t.like(json.caps[0], { bound: true, wanted: '2500.00', overflowed: '1500.00', earnedInstead: '300.00' });
  t.like(json.milestones[1], { reached: false, missedBy: '1400000.00' });
  t.notThrows(() => JSON.stringify(json));
});
