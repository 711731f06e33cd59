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
import { joiningFeeOf, milestoneCategories, redemptionOf, toWhole } from './card-terms.ts';
import type { Band, Cap, Card, Rules } from './catalog-schema.ts';
import { fillOrder, rateOf } from './exact.ts';
import { MONTHS } from './periods.ts';
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

export interface SlabProgram {
  readonly months: number;
  readonly bands: readonly BandProgram[];
}

export interface CardProgram {
  readonly card: Card;
  readonly rules: Rules;
  /** Units in a hundredth of a point. */
  readonly unit: number;
  /** Units for one paisa of each category; empty for slabs. */
  readonly weights: readonly number[];
  readonly caps: readonly CapProgram[];
  /** Slabs on the whole spend, at one average rate. */
  readonly slabs: SlabProgram | undefined;
  /** Slabs that the categories of `order` fill one after the other; caps then follow as on a card without slabs. */
  readonly ordered: (SlabProgram & { readonly order: readonly number[] }) | undefined;
  /** Units in a whole point where each category's points are rounded to one before caps; 0 where they are not. */
  readonly wholePoint: number;
  /** For slabs: one cap over everything without overflow, in units a month; Infinity for none. */
  readonly slabRoom: number;
  /** Only the exact way is right: slabs with caps that need their rate, average slabs in whole points, or numbers beyond 2^53. */
  readonly onlyExact: boolean;
  readonly milestones: readonly MilestoneProgram[];
  /** Indexes of the categories whose spend counts for milestones; undefined for all six. */
  readonly earning: readonly number[] | undefined;
  readonly joiningFees: number;
  readonly redemptionMethod: string;
  /** Ten-thousandths of a rupee for one point. */
  readonly redemptionRate: number;
  /** yearly paise = units × yearlyUp ÷ yearlyDown. */
  readonly yearlyUp: number;
  readonly yearlyDown: number;
}

/** `maxMonthlySpend`: the largest of the six amounts, in paise. */
export function compileCard(card: Card, maxMonthlySpend: number, rules: Rules): CardProgram {
  const { method, rate } = redemptionOf(card, rules);
  const parts = compileParts(card);
  const wholePoint = rules.points === 'whole' ? 100 * parts.unit : 0;
  const slabs = parts.slabs ?? parts.ordered;
  const earning = milestoneCategories(card, rules);
  const steepest = Math.max(
    ...parts.weights.flatMap(weight => [
      weight,
      ...parts.caps.flatMap(cap => cap.competing.map(([up]) => weight * up)),
    ]),
    ...(slabs?.bands.map(band => band.weight * slabs.months) ?? []),
  );
  const fitsDoubles = 2 * CATEGORIES.length * (maxMonthlySpend * steepest + wholePoint) < Number.MAX_SAFE_INTEGER;
  // An average rate's shares are no whole numbers of units: whether one rounds up or down is the exact way's to say.
  const isRoundedAverage = parts.slabs !== undefined && wholePoint > 0;
  // units ÷ unit ÷ 100 points × rate ÷ 10,000 rupees × 100 paise × 12 months
  const yearly = rational(12n * BigInt(rate), 10_000n * BigInt(parts.unit));
  return {
    ...parts,
    onlyExact: parts.onlyExact || isRoundedAverage || !fitsDoubles,
    card,
    rules,
    wholePoint,
    earning: earning.length === CATEGORIES.length ? undefined : earning,
    milestones: (card.milestones ?? [])
      .filter(milestone => milestone.counted)
      .map(({ spend, every, value }) => ({
        months: MONTHS[every],
        spend: toWhole(spend, 2),
        value: toWhole(value, 2) * (12 / MONTHS[every]),
      })),
    joiningFees: joiningFeeOf(card, rules),
    redemptionMethod: method,
    redemptionRate: rate,
    yearlyUp: Number(yearly.numerator),
    yearlyDown: Number(yearly.denominator),
  };
}

type Parts = Pick<CardProgram, 'unit' | 'weights' | 'caps' | 'slabs' | 'ordered' | 'slabRoom' | 'onlyExact'>;

function compileParts(card: Card): Parts {
  if (card.slabs === undefined) return compileFlat(card);
  return card.slabs.order === undefined ? compileSlabs(card) : compileOrdered(card, card.slabs.order);
}

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
      room: roomOf(cap),
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
    ordered: undefined,
    slabRoom: Number.POSITIVE_INFINITY,
    onlyExact: false,
  };
}

/** A cap's room a month, in hundredths of a point. */
const roomOf = ({ points, every }: Cap): Rational =>
  divide(multiply(fromDecimal(points), rational(100n)), rational(BigInt(MONTHS[every])));

function compileSlabs({ slabs, caps = [] }: Card): Parts {
  const months = BigInt(MONTHS[slabs!.every]);
  const rates = slabs!.bands.map(band => divide(rateOf(band), rational(months)));
  const [cap] = caps;
  const room = cap === undefined ? undefined : roomOf(cap);
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
    slabs: { months: Number(months), bands: compileBands(slabs!.bands, rates.map(inUnits)) },
    ordered: undefined,
    slabRoom: isOverall ? inUnits(room!) : Number.POSITIVE_INFINITY,
    onlyExact: caps.length > 0 && !isOverall,
  };
}

/** Without overflow a cap needs no rate: it only counts points, category by category. */
function compileOrdered({ slabs, caps = [] }: Card, order: readonly Category[]): Parts {
  const months = BigInt(MONTHS[slabs!.every]);
  const rates = slabs!.bands.map(band => divide(rateOf(band), rational(months)));
  const unit = [...rates, ...caps.map(roomOf)].reduce((sum, value) => lcm(sum, value.denominator), 1n);
  const inUnits = (value: Rational) => Number(multiply(value, rational(unit)).numerator);
  const indexOf = (category: Category) => CATEGORIES.indexOf(category);
  return {
    unit: Number(unit),
    weights: [],
    caps: caps.map(cap => {
      const filled = cap.categories.filter(category => order.includes(category)).map(indexOf);
      return {
        isBonus: false,
        order: filled,
        room: inUnits(roomOf(cap)),
        competing: filled.map(() => [1, 1] as const),
        kept: filled.map(() => [0, 1] as const),
      };
    }),
    slabs: undefined,
    ordered: {
      months: Number(months),
      bands: compileBands(slabs!.bands, rates.map(inUnits)),
      order: order.map(indexOf),
    },
    slabRoom: Number.POSITIVE_INFINITY,
    onlyExact: caps.some(cap => cap.overflow !== undefined && cap.overflow.points > 0),
  };
}

const compileBands = (bands: readonly Band[], weights: readonly number[]): BandProgram[] =>
  bands.map(({ from, to }, index) => ({
    from: toWhole(from, 2),
    to: to === undefined ? Number.POSITIVE_INFINITY : toWhole(to, 2),
    weight: weights[index]!,
  }));

function covers(categories: readonly Category[]): boolean {
  return CATEGORIES.every(category => categories.includes(category));
}
