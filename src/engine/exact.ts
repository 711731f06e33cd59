/**
 * The rules for one card and one user in exact fractions: slow, and right where doubles cannot decide. The engine comes here
 * for a rounding too near to a tie, for numbers beyond 2^53, and for combinations that its fast program does not know.
 */
import { CATEGORIES } from '../model/spending.ts';
import type { Card, EarnRate, Rules } from './catalog-schema.ts';
import { MONTHS } from './periods.ts';
import {
  add,
  compare,
  divide,
  fromDecimal,
  minimum,
  multiply,
  type Rational,
  rational,
  roundHalfUp,
  subtract,
  ZERO,
} from './rational.ts';

export interface ExactResult {
  /** Points a month in each of the six categories, unrounded. */
  readonly points: readonly Rational[];
  /** The same in whole hundredths. */
  readonly roundedPoints: readonly number[];
  /** total_savings_yearly, whole paise. */
  readonly yearly: number;
}

/** How a cap treated one category; points a month. */
export interface CapFill {
  /** Index of the category. */
  readonly category: number;
  /** What the cap found; of a bonus cap, what does not compete stays as it is. */
  readonly found: Rational;
  /** What competed for the room, what found some, what found none. */
  readonly competing: Rational;
  readonly counted: Rational;
  readonly excess: Rational;
  /** What the excess earned at the overflow rate instead. */
  readonly instead: Rational;
}

/** What decides a card's figures beside the card itself. */
export interface Terms {
  /** Rupees for one point, in ten-thousandths. */
  readonly redemptionRate: number;
  readonly rules: Pick<Rules, 'points'>;
}

/** The steps of a computation, for the explanation. */
export interface Trace {
  /** Points a month before any cap, and before they were rounded to whole ones. */
  earned: readonly Rational[];
  unrounded: readonly Rational[];
  /** For each cap in its order: the room a month, and how it was filled. */
  readonly caps: { readonly room: Rational; readonly fills: CapFill[] }[];
}

export const rateOf = ({ points, per }: EarnRate): Rational => divide(fromDecimal(points), fromDecimal(per));

/** `spends`: the six, in whole paise. `trace` is filled in. */
export function computeExactly(
  card: Card,
  spends: readonly number[],
  { redemptionRate, rules }: Terms,
  trace?: Trace,
): ExactResult {
  const rupees = spends.map(paise => rational(BigInt(paise), 100n));
  const rates = card.slabs === undefined ? flatRates(card) : slabRates(card, rupees);
  const unrounded = rupees.map((spend, c) => multiply(spend, rates[c]!));
  const points = rules.points === 'whole' ? unrounded.map(value => rational(roundHalfUp(value))) : [...unrounded];
  if (trace !== undefined) Object.assign(trace, { earned: [...points], unrounded });
  for (const cap of card.caps ?? []) applyCap(cap, rates, points, trace);

  const total = points.reduce(add, ZERO);
  const perPoint = rational(BigInt(redemptionRate), 10_000n);
  const paise = (value: Rational) => Number(roundHalfUp(multiply(value, rational(100n))));
  return {
    points,
    roundedPoints: points.map(paise),
    yearly: paise(multiply(multiply(total, perPoint), rational(12n))),
  };
}

function flatRates({ earn }: Card): Rational[] {
  return CATEGORIES.map(category => rateOf(earn[category] ?? earn.base));
}

/**
 * The month's total runs through the bands, and every category then earns at the average that comes out. With an order, the
 * categories run through them one after the other, and each earns at the average of its own stretch.
 */
function slabRates({ slabs }: Card, rupees: readonly Rational[]): Rational[] {
  if (slabs!.order === undefined) {
    const total = rupees.reduce(add, ZERO);
    const rate = average(bandPoints(slabs!, total), total);
    return CATEGORIES.map(() => rate);
  }
  const rates = CATEGORIES.map(() => ZERO);
  let spent = ZERO;
  for (const category of slabs!.order) {
    const c = CATEGORIES.indexOf(category);
    const before = bandPoints(slabs!, spent);
    spent = add(spent, rupees[c]!);
    rates[c] = average(subtract(bandPoints(slabs!, spent), before), rupees[c]!);
  }
  return rates;
}

const average = (points: Rational, spend: Rational): Rational =>
  compare(spend, ZERO) === 0 ? ZERO : divide(points, spend);

/** Points a month for a number of rupees a month. */
function bandPoints({ every, bands }: NonNullable<Card['slabs']>, monthly: Rational): Rational {
  const months = rational(BigInt(MONTHS[every]));
  const spend = multiply(monthly, months);
  let points = ZERO;
  for (const band of bands) {
    const from = fromDecimal(band.from);
    const to = band.to === undefined ? spend : minimum(spend, fromDecimal(band.to));
    if (compare(to, from) > 0) points = add(points, multiply(subtract(to, from), rateOf(band)));
  }
  return divide(points, months);
}

function applyCap(
  cap: NonNullable<Card['caps']>[number],
  rates: readonly Rational[],
  points: Rational[],
  trace?: Trace,
): void {
  const overflow = cap.overflow === undefined ? ZERO : rateOf(cap.overflow);
  let room = divide(fromDecimal(cap.points), rational(BigInt(MONTHS[cap.every])));
  const fills: CapFill[] = [];
  trace?.caps.push({ room, fills });
  for (const c of fillOrder(cap.categories, rates)) {
    const rate = rates[c]!;
    const share = divide(overflow, rate);
    const found = points[c]!;
    const competing = cap.counts === 'bonus' ? multiply(found, subtract(rational(1n), share)) : found;
    const counted = minimum(competing, room);
    const excess = subtract(competing, counted);
    room = subtract(room, counted);
    points[c] = subtract(found, excess);
    const instead = cap.counts === 'total' ? multiply(excess, share) : ZERO;
    points[c] = add(points[c], instead);
    if (trace !== undefined) fills.push({ category: c, found, competing, counted, excess, instead });
  }
}

/** Indexes of a cap's categories in the order in which it lists them; a rate of 0 is left out. */
export function fillOrder(categories: readonly (typeof CATEGORIES)[number][], rates: readonly Rational[]): number[] {
  return categories.map(category => CATEGORIES.indexOf(category)).filter(c => rates[c]!.numerator > 0n);
}
