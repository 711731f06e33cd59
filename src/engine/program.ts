/**
 * A card compiled into whole numbers.
 *
 * Everything that the rules do to a user's spends (multiply by a rate, fill a cap, exchange an excess for an overflow rate)
 * has a common denominator, fixed for the card. Counted in units of 1/D hundredths of a point, every intermediate value is
 * a whole number; and whole numbers below 2^53 are exact in doubles, sums, products and floored quotients included (the
 * quotient of two such numbers lies at least 1/divisor below the next whole number, and rounding errs by less). So the fast
 * way is not an approximation: it is exact wherever its numbers stay below 2^53, and says so (NaN) where they do not.
 */
import { CATEGORIES, type Category } from '../model/spending.ts';
import type { Card } from './catalog-schema.ts';
import { MONTHS } from './catalog-schema.ts';
import { fillOrder, rateOf } from './exact.ts';
import { divide, fromDecimal, lcm, multiply, type Rational, rational, subtract, ZERO } from './rational.ts';

export interface CapProgram {
  readonly isBonus: boolean;
  /** Category indexes in the order in which they are filled. */
  readonly order: readonly number[];
  /** Units a month. */
  readonly room: number;
  /** For each of `order`: the competing share of the points (bonus), as numerator and denominator. */
  readonly competing: readonly (readonly [number, number])[];
  /** For each of `order`: what one unit of excess becomes (total), as numerator and denominator. */
  readonly kept: readonly (readonly [number, number])[];
}

export interface BandProgram {
  /** Paise of the period's spend. */
  readonly from: number;
  readonly to: number;
  /** Units for one paisa. */
  readonly weight: number;
}

export interface MilestoneProgram {
  readonly months: number;
  /** Paise of the period's spend. */
  readonly spend: number;
  /** Paise a year. */
  readonly value: number;
}

export interface CardProgram {
  readonly card: Card;
  /** Units in a hundredth of a point. */
  readonly unit: number;
  /** Units for one paisa of each category; empty for slabs. */
  readonly weights: readonly number[];
  readonly caps: readonly CapProgram[];
  readonly slabs: { readonly months: number; readonly bands: readonly BandProgram[] } | undefined;
  /** For slabs: one cap over everything without overflow, in units a month; Infinity for none. */
  readonly slabRoom: number;
  /** Only the exact way is right: slabs with caps other than one over everything, or numbers beyond 2^53. */
  readonly onlyExact: boolean;
  readonly milestones: readonly MilestoneProgram[];
  readonly joiningFees: number;
  readonly redemptionMethod: string;
  /** Ten-thousandths of a rupee for one point. */
  readonly redemptionRate: number;
  /** yearly paise = units × yearlyUp ÷ yearlyDown. */
  readonly yearlyUp: number;
  readonly yearlyDown: number;
}

/** The best of the ways that count; the first listed on a tie. Its rate in ten-thousandths of a rupee for one point. */
export function chooseRedemption({ redemption }: Card): { method: string; rate: number } {
  let best = { method: 'None', rate: 0 };
  let found = false;
  for (const { method, rate } of redemption) {
    if (method !== 'Vouchers' && method !== 'Cashback') continue;
    if (!found || rate > best.rate) best = { method, rate };
    found = true;
  }
  return { method: best.method, rate: toWhole(best.rate, 4) };
}

/** A decimal of the catalogue as a whole number of its smallest places: exact. */
export function toWhole(value: number, places: number): number {
  return Number(multiply(fromDecimal(value), rational(10n ** BigInt(places))).numerator);
}

/** `maxMonthlySpend`: the largest of the six amounts, in paise. */
export function compileCard(card: Card, maxMonthlySpend: number): CardProgram {
  const { method, rate } = chooseRedemption(card);
  const parts = card.slabs === undefined ? compileFlat(card) : compileSlabs(card);
  const steepest = Math.max(
    ...parts.weights.flatMap(weight => [
      weight,
      ...parts.caps.flatMap(cap => cap.competing.map(([up]) => weight * up)),
    ]),
    ...(parts.slabs?.bands.map(band => band.weight * parts.slabs!.months) ?? []),
  );
  const fitsDoubles = 2 * CATEGORIES.length * maxMonthlySpend * steepest < Number.MAX_SAFE_INTEGER;
  // units ÷ unit ÷ 100 points × rate ÷ 10,000 rupees × 100 paise × 12 months
  const yearly = rational(12n * BigInt(rate), 10_000n * BigInt(parts.unit));
  return {
    ...parts,
    onlyExact: parts.onlyExact || !fitsDoubles,
    card,
    milestones: (card.milestones ?? [])
      .filter(milestone => milestone.counted)
      .map(({ spend, every, value }) => ({
        months: MONTHS[every],
        spend: toWhole(spend, 2),
        value: toWhole(value, 2) * (12 / MONTHS[every]),
      })),
    joiningFees: toWhole(card.fees.joining, 2),
    redemptionMethod: method,
    redemptionRate: rate,
    yearlyUp: Number(yearly.numerator),
    yearlyDown: Number(yearly.denominator),
  };
}

type Parts = Pick<CardProgram, 'unit' | 'weights' | 'caps' | 'slabs' | 'slabRoom' | 'onlyExact'>;

function compileFlat(card: Card): Parts {
  const rates = CATEGORIES.map(category => rateOf(card.earn[category] ?? card.earn.base));
  const caps = (card.caps ?? []).map(cap => {
    const order = fillOrder(cap.categories, rates);
    const overflow = cap.overflow === undefined ? ZERO : rateOf(cap.overflow);
    const shares = order.map(c => divide(overflow, rates[c]!));
    return {
      isBonus: cap.counts === 'bonus',
      order,
      // Rooms count points; a unit is a fraction of a hundredth of a point.
      room: divide(multiply(fromDecimal(cap.points), rational(100n)), rational(BigInt(MONTHS[cap.every]))),
      competing: shares.map(share => subtract(rational(1n), share)),
      kept: shares,
    };
  });

  // Each cap divides what earlier ones left by its shares' denominators once more, so these multiply.
  const denominator = (values: readonly Rational[]) => values.reduce((sum, value) => lcm(sum, value.denominator), 1n);
  let unit = denominator([...rates, ...caps.map(cap => cap.room)]);
  for (const cap of caps) unit *= denominator(cap.kept);

  const inUnits = (value: Rational) => Number(multiply(value, rational(unit)).numerator);
  const fraction = (value: Rational) => [Number(value.numerator), Number(value.denominator)] as const;
  return {
    unit: Number(unit),
    weights: rates.map(inUnits),
    caps: caps.map(cap => ({
      ...cap,
      room: inUnits(cap.room),
      competing: cap.competing.map(fraction),
      kept: cap.kept.map(fraction),
    })),
    slabs: undefined,
    slabRoom: Number.POSITIVE_INFINITY,
    onlyExact: false,
  };
}

function compileSlabs({ slabs, caps = [] }: Card): Parts {
  const months = BigInt(MONTHS[slabs!.every]);
  const rates = slabs!.bands.map(band => divide(rateOf(band), rational(months)));
  const [cap] = caps;
  const room =
    cap === undefined
      ? undefined
      : divide(multiply(fromDecimal(cap.points), rational(100n)), rational(BigInt(MONTHS[cap.every])));
  const isOverall =
    caps.length === 1 && cap!.counts === 'total' && cap!.overflow === undefined && covers(cap!.categories);

  const unit = [...rates, ...(room === undefined ? [] : [room])].reduce(
    (sum, value) => lcm(sum, value.denominator),
    1n,
  );
  const inUnits = (value: Rational) => Number(multiply(value, rational(unit)).numerator);
  return {
    unit: Number(unit),
    weights: [],
    caps: [],
    slabs: {
      months: Number(months),
      bands: slabs!.bands.map((band, index) => ({
        from: toWhole(band.from, 2),
        to: band.to === undefined ? Number.POSITIVE_INFINITY : toWhole(band.to, 2),
        weight: inUnits(rates[index]!),
      })),
    },
    slabRoom: isOverall ? inUnits(room!) : Number.POSITIVE_INFINITY,
    onlyExact: caps.length > 0 && !isOverall,
  };
}

function covers(categories: readonly Category[]): boolean {
  return CATEGORIES.every(category => categories.includes(category));
}
