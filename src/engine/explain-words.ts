/** An explanation in words, ₹ with Indian grouping; and as JSON, amounts as decimal text. */
import { formatHundredths, formatRupees, formatTenThousandths, groupHundredths } from '../model/money.ts';
import { CATEGORIES, type Category } from '../model/spending.ts';
import type { EarnRate, Period } from './catalog-schema.ts';
import type { CapStep, EarnStep, Explanation, MilestoneStep } from './explain.ts';
import { multiply, type Rational, rational, roundHalfUp } from './rational.ts';

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
const plain = (value: number): string => groupHundredths(Math.round(value * 100)).replace(/\.00$/, '');
const rateText = ({ points, per }: EarnRate): string =>
  `${points} ${points === 1 ? 'point' : 'points'} for every ₹${plain(per)}`;
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
    [
      'savings',
      `${inPoints(explanation.points)} a month × ₹${formatTenThousandths(explanation.redemption.rate)} × 12 months = ${formatRupees(yearly)} a year`,
    ],
    ...milestones.map((step): [string, string] => ['milestone', milestoneText(step)]),
    [
      'net',
      `${formatRupees(yearly)} savings + ${formatRupees(extra)} milestones − ${formatRupees(joiningFees)} joining fee = ${formatRupees(net)}`,
    ],
  ];
}

/** Cards in the order of their ranks, as text for people. */
export function explanationText(explanations: readonly Explanation[]): string {
  return explanations
    .map((explanation, i) => {
      const steps = explanationSteps(explanation).map(([what, how]) => `    ${what.padEnd(12)}  ${how}`);
      return [`${i + 1}. ${explanation.card.name}: ${formatRupees(explanation.net)} a year`, ...steps].join('\n');
    })
    .join('\n\n');
}

function earnLine({ category, spend, rate, earned }: EarnStep): [string, string] {
  return [CATEGORY[category], `${inRupees(spend)} a month × ${rateText(rate!)} = ${inPoints(earned)}`];
}

function slabLines({ slabs }: Explanation): [string, string][] {
  const { every, bands } = slabs!;
  return bands.map(({ band, spend, points }) => {
    const range = band.to === undefined ? `above ₹${plain(band.from)}` : `₹${plain(band.from)} to ₹${plain(band.to)}`;
    const result = isNothing(spend) ? 'not reached' : `${inRupees(spend)} × ${rateText(band)} = ${inPoints(points)}`;
    return ['slab', `${range} ${PERIOD[every]}: ${result}${isNothing(spend) ? '' : ` ${PERIOD[every]}`}`];
  });
}

function capText({ cap, room, wanted, excess, instead, bound, fills }: CapStep): string {
  const over =
    cap.categories.length === CATEGORIES.length
      ? 'everything'
      : cap.categories.map(category => CATEGORY[category]).join(', ');
  const what = cap.counts === 'bonus' ? 'bonus points' : 'points';
  const monthly = cap.every === 'month' ? '' : ` (${groupHundredths(hundredths(room))} a month)`;
  const head = `${plain(cap.points)} ${what} ${PERIOD[cap.every]}${monthly} on ${over}`;
  if (!bound) return `${head}: ${inPoints(wanted)} fit, ${groupHundredths(hundredths(room) - hundredths(wanted))} left`;
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
  return `${head} binds: ${inPoints(wanted)} wanted, ${groupHundredths(hundredths(excess))} overflow (${where}) and ${then}`;
}

function redemptionText({ redemption }: Explanation): string {
  const { method, rate, options } = redemption;
  if (method === 'None') return 'none that counts: points are worth nothing here';
  const others = options.filter(option => option.method !== method || Math.round(option.rate * 10_000) !== rate);
  const shown = others.map(option => {
    const counts = option.method === 'Vouchers' || option.method === 'Cashback';
    return `${option.method} at ₹${option.rate} ${counts ? 'is not better' : 'never counts'}`;
  });
  return [`${method} at ₹${formatTenThousandths(rate)} for a point`, ...shown].join('; ');
}

function milestoneText(step: MilestoneStep): string {
  const { target, every, spent, counted, reached, missedBy, value, timesAYear, note } = step;
  const head = `${inRupees(target)} ${PERIOD[every]} for ${formatRupees(value)}`;
  if (!counted) return `${head}: never counted${note === undefined ? '' : ` (${note})`}`;
  if (!reached) return `${head}: missed by ${inRupees(missedBy)} (${inRupees(spent)} spent)`;
  return `${head}: reached with ${inRupees(spent)}; × ${timesAYear} = ${formatRupees(value * timesAYear)} a year`;
}

/** The same for machines: rupees and points as decimal text with two places, rounded each on its own. */
export function explanationJson(explanation: Explanation) {
  const text = (value: Rational) => formatHundredths(hundredths(value));
  const { card, earn, slabs, caps, milestones, redemption } = explanation;
  return {
    card: card.name,
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
