/**
 * An explanation in words, ₹ with Indian grouping; and as JSON, amounts as decimal text. An equation is true as it is printed: `=` where the
 * figures shown give the result to the last digit, `≈` where the result is what they give, rounded.
 */
import { formatHundredths, formatRupees, formatTenThousandths, groupDecimal, groupHundredths } from '../model/money.ts';
import { CATEGORIES, type Category } from '../model/spending.ts';
import { plainFigure } from './card-terms.ts';
import type { EarnRate } from './catalog-schema.ts';
import type { CapStep, EarnStep, Explanation, MilestoneStep } from './explain.ts';
import type { Period } from './periods.ts';
import { compare, multiply, type Rational, rational, roundHalfUp, subtract } from './rational.ts';

const PERIOD: Readonly<Record<Period, string>> = {
  month: 'a month',
  quarter: 'a quarter',
  half_year: 'a half-year',
  year: 'a year',
};
const CATEGORY: Readonly<Record<Category, string>> = {
  amazon: 'Amazon',
  flipkart: 'Flipkart',
  myntra: 'Myntra',
  ajio: 'Ajio',
  grocery: 'grocery',
  otherOnline: 'other online',
};

/** A fraction of rupees or points in whole hundredths. */
const hundredths = (value: Rational): number => Number(roundHalfUp(multiply(value, rational(100n))));
const inRupees = (value: Rational): string => formatRupees(hundredths(value));
const inPoints = (value: Rational): string => `${groupHundredths(hundredths(value))} points`;
/** Whether an exact result stands in whole hundredths: else it was rounded to them. */
const equals = (value: Rational): string => (multiply(value, rational(100n)).denominator === 1n ? '=' : '≈');
const rateText = ({ points, per }: EarnRate): string =>
  `${points} ${points === 1 ? 'point' : 'points'} for every ₹${plainFigure(per)}`;
/** Points with the fraction from which they were rounded to whole ones. */
const rounded = ({ earned, unrounded }: EarnStep): string =>
  compare(earned, unrounded) === 0
    ? inPoints(earned)
    : `${groupHundredths(hundredths(unrounded))}, in whole points ${inPoints(earned)}`;
const isNothing = (value: Rational): boolean => value.numerator === 0n;

/** One card, a line a step: [what, how]. */
export function explanationSteps(explanation: Explanation): [string, string][] {
  const { slabs, caps, milestones, earn, yearly, extra, joiningFees, net } = explanation;
  const spent = earn.filter(step => !isNothing(step.spend));
  return [
    ...(spent.length === 0 ? [['spends', 'nothing'] as [string, string]] : []),
    ...(slabs === undefined ? spent.map(earnLine) : slabLines(explanation)),
    ...caps.filter(({ wanted }) => !isNothing(wanted)).map((step): [string, string] => ['cap', capText(step)]),
    ...(caps.some(step => step.bound) || slabs !== undefined
      ? [
          [
            'leaves',
            spent.map(step => `${CATEGORY[step.category]} ${inPoints(step.points)}`).join(', ') || 'nothing',
          ] as [string, string],
        ]
      : []),
    ['redemption', redemptionText(explanation)],
    ['savings', savingsText(explanation)],
    ...milestones.map((step): [string, string] => ['milestone', milestoneText(step, explanation)]),
    [
      'net',
      `${formatRupees(yearly)} savings + ${formatRupees(extra)} milestones − ${formatRupees(joiningFees)} joining fee${explanation.rules.fees === 'with_gst' ? ' with GST' : ''} = ${formatRupees(net)}`,
    ],
  ];
}

/** The points with two decimals, or as many more as lead to the paisa of the result. */
function savingsText({ points, redemption, yearly }: Explanation): string {
  const rate = rational(BigInt(redemption.rate) * 12n, 10_000n);
  const result = rational(BigInt(yearly), 100n);
  for (let places = 2; ; places++) {
    const scale = 10n ** BigInt(places);
    const scaled = roundHalfUp(multiply(points, rational(scale)));
    const product = multiply(rational(scaled, scale), rate);
    if (places < MOST_PLACES && roundHalfUp(multiply(product, rational(100n))) !== BigInt(yearly)) continue;
    const digits = `${scaled}`.padStart(places + 1, '0');
    const shown = groupDecimal(`${digits.slice(0, -places)}.${digits.slice(-places)}`);
    const sign = compare(product, result) === 0 ? '=' : '≈';
    return `${shown} points a month × ₹${formatTenThousandths(redemption.rate)} × 12 months ${sign} ${formatRupees(yearly)} a year`;
  }
}

/** Enough for the paisa of any amount, except where the exact product is a half of one but for less than this shows. */
const MOST_PLACES = 12;

/** Cards in the order of their ranks, as text for people; `places` where they do not count from 1. */
export function explanationText(explanations: readonly Explanation[], places: readonly number[] = []): string {
  return explanations
    .map((explanation, i) => {
      const steps = explanationSteps(explanation).map(([what, how]) => `    ${what.padEnd(12)}  ${how}`);
      return [`${places[i] ?? i + 1}. ${explanation.name}: ${formatRupees(explanation.net)} a year`, ...steps].join(
        '\n',
      );
    })
    .join('\n\n');
}

function earnLine(step: EarnStep): [string, string] {
  return [
    CATEGORY[step.category],
    `${inRupees(step.spend)} a month × ${rateText(step.rate!)} ${equals(step.unrounded)} ${rounded(step)}`,
  ];
}

function slabLines({ slabs, earn }: Explanation): [string, string][] {
  const { every, bands, order } = slabs!;
  const lines = bands.map(({ band, spend, points }): [string, string] => {
    const range =
      band.to === undefined
        ? `above ₹${plainFigure(band.from)}`
        : `₹${plainFigure(band.from)} to ₹${plainFigure(band.to)}`;
    const result = isNothing(spend)
      ? 'not reached'
      : `${inRupees(spend)} × ${rateText(band)} ${equals(points)} ${inPoints(points)}`;
    return ['slab', `${range} ${PERIOD[every]}: ${result}${isNothing(spend) ? '' : ` ${PERIOD[every]}`}`];
  });
  if (order === undefined) return lines;
  const filled = order.map(
    category => `${CATEGORY[category]} ${rounded(earn.find(step => step.category === category)!)}`,
  );
  return [...lines, ['slab order', filled.join(', ')]];
}

function capText({ cap, room, wanted, excess, instead, bound, fills }: CapStep): string {
  const over =
    cap.categories.length === CATEGORIES.length
      ? 'everything'
      : cap.categories.map(category => CATEGORY[category]).join(', ');
  const what = cap.counts === 'bonus' ? 'bonus points' : 'points';
  const monthly = cap.every === 'month' ? '' : ` (${groupHundredths(hundredths(room))} a month)`;
  const head = `${plainFigure(cap.points)} ${what} ${PERIOD[cap.every]}${monthly} on ${over}`;
  const parts = cap.counts === 'bonus' ? bonusText(cap, fills) : '';
  if (!bound) {
    return `${head}: ${inPoints(wanted)} fit, ${groupHundredths(hundredths(room) - hundredths(wanted))} left${parts}`;
  }
  const where = fills
    .filter(fill => !isNothing(fill.excess))
    .map(fill => `${CATEGORY[CATEGORIES[fill.category]!]} ${groupHundredths(hundredths(fill.excess))}`)
    .join(', ');
  const then =
    cap.counts === 'bonus'
      ? 'are lost, the rest of the points stays'
      : isNothing(instead)
        ? 'earn nothing'
        : `earn ${inPoints(instead)} instead, at ${rateText(cap.overflow!)}`;
  return `${head} binds: ${inPoints(wanted)} wanted, ${groupHundredths(hundredths(excess))} overflow (${where}) and ${then}${parts}`;
}

/** What of each category's points is base and stays, and what is bonus and competes: found × (1 − base rate ÷ its rate). */
function bonusText(cap: CapStep['cap'], fills: CapStep['fills']): string {
  const baseRate = cap.overflow === undefined ? 'nothing' : rateText(cap.overflow);
  const each = fills
    .filter(fill => !isNothing(fill.found))
    .map(({ category, found, competing, counted }) => {
      const [all, kept, bonus, fits] = [found, subtract(found, competing), competing, counted].map(hundredths);
      const sign = all === kept! + bonus! ? '=' : '≈';
      const [text, base, more, room] = [all, kept, bonus, fits].map(value => groupHundredths(value!));
      return `${CATEGORY[CATEGORIES[category]!]} ${text} ${sign} ${base} base + ${more} bonus, of which ${room} count`;
    });
  return `; base is ${baseRate}: ${each.join(', ')}`;
}

function redemptionText({ redemption }: Explanation): string {
  const { method, rate, options } = redemption;
  if (method === 'None' && !options.some(option => option.counts))
    return 'none that counts: points are worth nothing here';
  const others = options.filter(option => option.method !== method || Math.round(option.rate * 10_000) !== rate);
  const never = options.some(option => option.recommended === true && option.counts)
    ? 'is not recommended'
    : 'never counts';
  const shown = others.map(option => `${option.method} at ₹${option.rate} ${option.counts ? 'is not better' : never}`);
  return [`${method} at ₹${formatTenThousandths(rate)} for a point`, ...shown].join('; ');
}

function milestoneText(step: MilestoneStep, { notEarning }: Explanation): string {
  const { target, every, spent, counted, reached, missedBy, value, timesAYear, note } = step;
  const head = `${inRupees(target)} ${PERIOD[every]} for ${formatRupees(value)}`;
  if (!counted) return `${head}: never counted${note === undefined ? '' : ` (${note})`}`;
  const where =
    notEarning.length === 0
      ? ''
      : `, without ${notEarning.map(category => CATEGORY[category]).join(', ')}: it earns nothing there`;
  if (!reached) return `${head}: missed by ${inRupees(missedBy)} (${inRupees(spent)} spent${where})`;
  return `${head}: reached with ${inRupees(spent)}${where}; × ${timesAYear} = ${formatRupees(value * timesAYear)} a year`;
}

/** The same for machines: rupees and points as decimal text with two places, rounded each on its own. */
export function explanationJson(explanation: Explanation) {
  const text = (value: Rational) => formatHundredths(hundredths(value));
  const { earn, slabs, caps, milestones, redemption } = explanation;
  return {
    card: explanation.name,
    rules: explanation.rules,
    earn: earn.map(step => ({
      category: step.category,
      spend: text(step.spend),
      rate: step.rate ?? null,
      earned: text(step.earned),
      points: text(step.points),
    })),
    slabs:
      slabs === undefined
        ? null
        : {
            every: slabs.every,
            order: slabs.order ?? null,
            bands: slabs.bands.map(({ band, spend, points }) => ({
              ...band,
              spend: text(spend),
              earned: text(points),
            })),
          },
    caps: caps.map(step => ({
      ...step.cap,
      room: text(step.room),
      wanted: text(step.wanted),
      overflowed: text(step.excess),
      earnedInstead: text(step.instead),
      bound: step.bound,
      fills: step.fills.map(fill => ({
        category: CATEGORIES[fill.category]!,
        found: text(fill.found),
        base: text(subtract(fill.found, fill.competing)),
        wanted: text(fill.competing),
        counted: text(fill.counted),
        overflowed: text(fill.excess),
      })),
    })),
    redemption: { method: redemption.method, rate: formatTenThousandths(redemption.rate), options: redemption.options },
    milestones: milestones.map(step => ({
      spend: text(step.target),
      every: step.every,
      value: formatHundredths(step.value),
      timesAYear: step.timesAYear,
      counted: step.counted,
      reached: step.reached,
      spent: text(step.spent),
      missedBy: text(step.missedBy),
    })),
    pointsAMonth: text(explanation.points),
    total_savings_yearly: formatHundredths(explanation.yearly),
    total_extra_benefits: formatHundredths(explanation.extra),
    joining_fees: formatHundredths(explanation.joiningFees),
    net_savings: formatHundredths(explanation.net),
    words: explanationSteps(explanation).map(([what, how]) => `${what}: ${how}`),
  };
}
