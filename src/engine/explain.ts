/**
 * How a card's figures come about for one user, step by step and in exact fractions: the same path that decides ties. Rupees
 * and points here are fractions, unrounded; explain-words.ts puts them into words.
 */
import { CATEGORIES, type Category } from '../model/spending.ts';
import { counts, joiningFeeOf, milestoneCategories, nameOf, redemptionOf, toWhole } from './card-terms.ts';
import type { Catalog } from './catalog.ts';
import type { Band, Cap, Card, EarnRate, Rules } from './catalog-schema.ts';
import { type CapFill, computeExactly, rateOf, type Trace } from './exact.ts';
import { MONTHS, type Period } from './periods.ts';
import { add, compare, fromDecimal, minimum, multiply, type Rational, rational, subtract, ZERO } from './rational.ts';
import { deriveSpends } from './spending-rules.ts';

export interface EarnStep {
  readonly category: Category;
  /** Rupees a month. */
  readonly spend: Rational;
  /** Undefined for slabs: every category then earns at the average. */
  readonly rate: EarnRate | undefined;
  /** Points a month before caps, and after them. `unrounded`: before they were rounded to whole points, where they were. */
  readonly unrounded: Rational;
  readonly earned: Rational;
  readonly points: Rational;
}

export interface BandStep {
  readonly band: Band;
  /** Rupees of the period that fall into it. */
  readonly spend: Rational;
  readonly points: Rational;
}

export interface CapStep {
  readonly cap: Cap;
  /** Points a month. */
  readonly room: Rational;
  readonly fills: readonly CapFill[];
  readonly wanted: Rational;
  readonly excess: Rational;
  readonly instead: Rational;
  readonly bound: boolean;
}

export interface MilestoneStep {
  /** Rupees of the period; spent: in the categories that count for milestones. */
  readonly target: Rational;
  readonly every: Period;
  readonly spent: Rational;
  readonly counted: boolean;
  readonly reached: boolean;
  /** Rupees of the period; 0 where it is reached. */
  readonly missedBy: Rational;
  /** Paise, once. */
  readonly value: number;
  readonly timesAYear: number;
  readonly note: string | undefined;
}

export type OptionStep = Card['redemption'][number] & {
  /** Whether it can be the one that counts under the catalogue's rules. */
  readonly counts: boolean;
};

export interface Explanation {
  readonly card: Card;
  readonly rules: Rules;
  /** The name under which the card is stored. */
  readonly name: string;
  readonly earn: readonly EarnStep[];
  readonly slabs:
    | { readonly every: Period; readonly bands: readonly BandStep[]; readonly order: readonly Category[] | undefined }
    | undefined;
  readonly caps: readonly CapStep[];
  readonly milestones: readonly MilestoneStep[];
  /** Categories with spend that does not count for milestones, because the card earns nothing there. */
  readonly notEarning: readonly Category[];
  /** Rate: rupees for one point, in ten-thousandths. */
  readonly redemption: { readonly method: string; readonly rate: number; readonly options: readonly OptionStep[] };
  /** All points of a month. */
  readonly points: Rational;
  /** Whole paise. */
  readonly yearly: number;
  readonly extra: number;
  readonly joiningFees: number;
  readonly net: number;
  /** The six point columns, whole hundredths. */
  readonly roundedPoints: readonly number[];
}

/** `spends`: the six in whole paise, as deriveSpends gives them. */
function explainCard(card: Card, spends: readonly number[], rules: Rules): Explanation {
  const { method, rate } = redemptionOf(card, rules);
  const trace: Trace = { earned: [], unrounded: [], caps: [] };
  const exact = computeExactly(card, spends, { redemptionRate: rate, rules }, trace);
  const rupees = spends.map(paise => rational(BigInt(paise), 100n));
  const counted = milestoneCategories(card, rules);
  const spent = sum(counted.map(c => rupees[c]!));
  const milestones = (card.milestones ?? []).map(milestone => milestoneStep(milestone, spent));
  const extra = milestones
    .filter(step => step.counted && step.reached)
    .reduce((paise, step) => paise + step.value * step.timesAYear, 0);
  const joiningFees = joiningFeeOf(card, rules);
  return {
    card,
    rules,
    name: nameOf(card),
    earn: CATEGORIES.map((category, c) => ({
      category,
      spend: rupees[c]!,
      rate: card.slabs === undefined ? (card.earn[category] ?? card.earn.base) : undefined,
      unrounded: trace.unrounded[c]!,
      earned: trace.earned[c]!,
      points: exact.points[c]!,
    })),
    slabs: card.slabs && slabSteps(card.slabs, rupees),
    caps: trace.caps.map(({ room, fills }, i) => capStep(card.caps![i]!, room, fills)),
    milestones,
    notEarning: CATEGORIES.filter((_, c) => spends[c]! > 0 && !counted.includes(c)),
    redemption: { method, rate, options: card.redemption.map(way => ({ ...way, counts: counts(way, rules) })) },
    points: sum(exact.points),
    yearly: exact.yearly,
    extra,
    joiningFees,
    net: exact.yearly + extra - joiningFees,
    roundedPoints: exact.roundedPoints,
  };
}

/** The named open cards for a user's six amounts as they stand in the table (paise; NULL counts as 0), in the order given. */
export function explainAll(
  catalog: Pick<Catalog, 'cards' | 'rules'>,
  names: readonly string[],
  amounts: readonly (number | null)[],
): Explanation[] {
  const spends = new Float64Array(CATEGORIES.length);
  const slice = { count: 1, userNo: Int32Array.of(1), amounts: Float64Array.from(amounts, amount => amount ?? 0) };
  deriveSpends(slice, 0, spends);
  const cards = new Map(catalog.cards.map(card => [nameOf(card), card]));
  return names.map(name => explainCard(cards.get(name)!, [...spends], catalog.rules));
}

function slabSteps({ every, bands, order }: NonNullable<Card['slabs']>, rupees: readonly Rational[]) {
  const filling = order === undefined ? rupees : order.map(category => rupees[CATEGORIES.indexOf(category)]!);
  const total = multiply(sum(filling), rational(BigInt(MONTHS[every])));
  const steps = bands.map((band): BandStep => {
    const from = minimum(total, fromDecimal(band.from));
    const to = band.to === undefined ? total : minimum(total, fromDecimal(band.to));
    const spend = subtract(to, from);
    return { band, spend, points: multiply(spend, rateOf(band)) };
  });
  return { every, bands: steps, order };
}

function capStep(cap: Cap, room: Rational, fills: readonly CapFill[]): CapStep {
  const excess = sum(fills.map(fill => fill.excess));
  return {
    cap,
    room,
    fills,
    wanted: sum(fills.map(fill => fill.competing)),
    excess,
    instead: sum(fills.map(fill => fill.instead)),
    bound: compare(excess, ZERO) > 0,
  };
}

function milestoneStep(milestone: NonNullable<Card['milestones']>[number], monthly: Rational): MilestoneStep {
  const { spend, every, value, counted, note } = milestone;
  const target = fromDecimal(spend);
  const spent = multiply(monthly, rational(BigInt(MONTHS[every])));
  const reached = compare(spent, target) >= 0;
  return {
    target,
    every,
    spent,
    counted,
    reached,
    missedBy: reached ? ZERO : subtract(target, spent),
    value: toWhole(value, 2),
    timesAYear: 12 / MONTHS[every],
    note,
  };
}

const sum = (values: readonly Rational[]): Rational => values.reduce(add, ZERO);
