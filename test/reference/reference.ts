/**
 * The rules of docs/recommendation.md once more: slow, exact, and written from the document alone. It shares no line with
 * src/engine, so that an error would have to be made twice to go unseen.
 */
import { CATEGORIES, type Category, SPENDING_COLUMNS } from '../../src/model/spending.ts';
import {
  decimal,
  dividedBy,
  type Fraction,
  fraction,
  hundredths,
  isLess,
  isZero,
  minus,
  NOTHING_APPLIED,
  plus,
  smaller,
  sumOf,
  times,
} from './rational.ts';

type Period = 'month' | 'quarter' | 'half_year' | 'year';

interface Earning {
  readonly points: number;
  readonly per: number;
}

interface Cap {
  readonly categories: readonly Category[];
  readonly points: number;
  readonly every: Period;
  readonly counts?: 'total' | 'bonus' | undefined;
  readonly overflow?: Earning | undefined;
}

interface Slabs {
  readonly every: Period;
  readonly order?: readonly Category[] | undefined;
  readonly bands: readonly (Earning & { readonly from: number; readonly to?: number | undefined })[];
}

interface Milestone {
  readonly spend: number;
  readonly every: Period;
  readonly value: number;
  readonly counted?: boolean | undefined;
}

/** The catalogue's `rules`; what is left out has its default. */
export interface ReferenceRules {
  readonly milestones?: 'earning' | 'all' | undefined;
  readonly redemption?: 'vouchers_or_cashback' | 'recommended' | undefined;
  readonly points?: 'exact' | 'whole' | undefined;
  readonly fees?: 'without_gst' | 'with_gst' | undefined;
}

/** What the rules read of a card as it stands in catalog/cards.json. */
export interface ReferenceCard {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly status: string;
  readonly fees: { readonly joining: number };
  readonly earn: { readonly base: Earning } & { readonly [category in Category]?: Earning | undefined };
  readonly slabs?: Slabs | undefined;
  readonly caps?: readonly Cap[] | undefined;
  readonly redemption: readonly {
    readonly method: string;
    readonly rate: number;
    readonly recommended?: boolean | undefined;
  }[];
  readonly milestones?: readonly Milestone[] | undefined;
}

/** One row of card_recommendations: money in paise, points in hundredths, the rate in ten-thousandths. */
export interface ReferenceRow {
  readonly cardName: string;
  readonly yearly: number;
  readonly joining: number;
  readonly extra: number;
  readonly net: number;
  readonly points: readonly number[];
  readonly method: string;
  readonly rate: number;
}

export type ReferenceAnswer =
  | { readonly rows: readonly ReferenceRow[] }
  | { readonly failure: 'INVALID_SPENDING' | 'RESULT_OUT_OF_RANGE'; readonly message: string };

const MONTHS: Readonly<Record<Period, bigint>> = { month: 1n, quarter: 3n, half_year: 6n, year: 12n };
const LARGEST_AMOUNT = 999_999_999_999n; // 9,999,999,999.99: DECIMAL(12,2)

/** The ten best cards for one row of user_spending_data: its six amounts in paise, confirmed last. */
export function recommendExactly(
  cards: readonly ReferenceCard[],
  spendsInPaise: readonly (number | null)[],
  maxMonthlySpendPaise: number,
  rules: ReferenceRules = {},
): ReferenceAnswer {
  const amounts = spendsInPaise.map(amount => BigInt(amount ?? 0));
  const message = whyInvalid(amounts, BigInt(maxMonthlySpendPaise));
  if (message !== undefined) return { failure: 'INVALID_SPENDING', message };

  const spends = sixSpends(amounts);
  const rows = cards.filter(card => card.status === 'open').map(card => rowOf(card, spends, rules));
  const misfit = rows.find(row => !fits(row));
  if (misfit !== undefined) return { failure: 'RESULT_OUT_OF_RANGE', message: misfit.cardName };
  return { rows: rows.sort(byRank).slice(0, 10) };
}

/** "All six columns are checked, confirmed last; the first bad one is named." */
function whyInvalid(amounts: readonly bigint[], limit: bigint): string | undefined {
  const bad = amounts.findIndex(amount => amount < 0n || amount > limit);
  if (bad < 0) return undefined;
  const amount = amounts[bad]!;
  return amount < 0n
    ? `${SPENDING_COLUMNS[bad]} is negative: ${inRupees(amount)}`
    : `${SPENDING_COLUMNS[bad]} is above the limit of ${inRupees(limit)}: ${inRupees(amount)}`;
}

function inRupees(paise: bigint): string {
  const magnitude = paise < 0n ? -paise : paise;
  return `${paise < 0n ? '-' : ''}${magnitude / 100n}.${String(magnitude % 100n).padStart(2, '0')}`;
}

/** The five as they are; otherOnline is what is confirmed beyond them. In rupees. */
function sixSpends(amounts: readonly bigint[]): Fraction[] {
  const five = amounts.slice(0, 5);
  const other = amounts[5]! - five.reduce((sum, amount) => sum + amount, 0n);
  return [...five, other > 0n ? other : 0n].map(paise => fraction(paise, 100n));
}

/** Steps 1 to 7 for one card. */
function rowOf(card: ReferenceCard, spends: readonly Fraction[], rules: ReferenceRules): ReferenceRow {
  const rates = ratesOf(card, spends);
  const earned = spends.map((spend, c) => times(spend, rates[c]!));
  const points = (card.caps ?? []).reduce(
    (left, cap) => afterCap(cap, rates, left),
    rules.points === 'whole' ? earned.map(wholePoints) : earned,
  );
  const { method, rate } = redemptionOf(card, rules);
  const yearly = hundredths(times(times(sumOf(points), decimal(rate)), fraction(12n)));
  const extra = hundredths(milestonesOf(card, sumOf(milestoneSpends(card, spends, rules))));
  const gst = rules.fees === 'with_gst' ? fraction(118n, 100n) : fraction(1n);
  const joining = hundredths(times(decimal(card.fees.joining), gst));
  return {
    cardName: card.displayName ?? card.name,
    yearly: Number(yearly),
    joining: Number(joining),
    extra: Number(extra),
    net: Number(yearly + extra - joining),
    points: points.map(value => Number(hundredths(value))),
    method,
    rate: Number(hundredths(times(decimal(rate), fraction(100n)))),
  };
}

/** Step 1: points for one rupee, in each of the six categories. Where both earn and slabs stand, slabs win. */
function ratesOf(card: ReferenceCard, spends: readonly Fraction[]): Fraction[] {
  if (card.slabs === undefined) return CATEGORIES.map(category => rateOf(card.earn[category] ?? card.earn.base));
  const { order } = card.slabs;
  if (order === undefined) {
    const rate = averageRate(card.slabs, NOTHING_APPLIED, sumOf(spends));
    return CATEGORIES.map(() => rate);
  }
  return CATEGORIES.map((category, c) => {
    const place = order.indexOf(category);
    if (place < 0) return NOTHING_APPLIED;
    const before = sumOf(order.slice(0, place).map(earlier => spends[CATEGORIES.indexOf(earlier)]!));
    return averageRate(card.slabs!, before, spends[c]!);
  });
}

const rateOf = ({ points, per }: Earning) => dividedBy(decimal(points), decimal(per));

/**
 * What a month's spend earns for a rupee where `before` has gone through the bands already: of each band it gets the piece
 * that lies between the two, over the whole period.
 */
function averageRate({ every, bands }: Slabs, before: Fraction, monthly: Fraction): Fraction {
  if (isZero(monthly)) return NOTHING_APPLIED;
  const low = times(before, fraction(MONTHS[every]));
  const high = times(plus(before, monthly), fraction(MONTHS[every]));
  const points = bands.map(band => {
    const start = larger(low, decimal(band.from));
    const end = band.to === undefined ? high : smaller(high, decimal(band.to));
    return isLess(start, end) ? times(minus(end, start), rateOf(band)) : NOTHING_APPLIED;
  });
  return dividedBy(sumOf(points), minus(high, low));
}

const larger = (a: Fraction, b: Fraction) => (isLess(a, b) ? b : a);

/** Half up to a whole point. */
function wholePoints({ over, under }: Fraction): Fraction {
  return fraction((2n * over + under) / (2n * under));
}

/** Step 2: what one cap leaves of the points that it found. */
function afterCap(cap: Cap, rates: readonly Fraction[], found: readonly Fraction[]): Fraction[] {
  const left = [...found];
  const overflow = cap.overflow === undefined ? NOTHING_APPLIED : rateOf(cap.overflow);
  let room = dividedBy(decimal(cap.points), fraction(MONTHS[cap.every]));
  for (const c of cap.categories.map(category => CATEGORIES.indexOf(category))) {
    if (isZero(rates[c]!)) continue;
    const share = dividedBy(overflow, rates[c]!); // what a point is worth at the overflow rate
    const untouched = cap.counts === 'bonus' ? times(found[c]!, share) : NOTHING_APPLIED;
    const competing = minus(found[c]!, untouched);
    const placed = smaller(competing, room);
    const excess = minus(competing, placed);
    room = minus(room, placed);
    const instead = cap.counts === 'bonus' ? NOTHING_APPLIED : times(excess, share);
    left[c] = plus(plus(untouched, placed), instead);
  }
  return left;
}

/** Step 3: the best of vouchers and cashback, the first listed on a tie; or the recommended one. */
function redemptionOf(card: ReferenceCard, rules: ReferenceRules): { method: string; rate: number } {
  if (rules.redemption === 'recommended') {
    const { method, rate } = card.redemption.find(way => way.recommended)!;
    return { method, rate };
  }
  const ways = card.redemption.filter(({ method }) => method === 'Vouchers' || method === 'Cashback');
  const best = Math.max(...ways.map(way => way.rate));
  return ways.find(way => way.rate === best) ?? { method: 'None', rate: 0 };
}

/** Step 5: the spends that count for milestones are those in which the card earns, before caps. */
function milestoneSpends(card: ReferenceCard, spends: readonly Fraction[], rules: ReferenceRules): Fraction[] {
  return spends.filter((_, c) => {
    const category = CATEGORIES[c]!;
    if (rules.milestones === 'all') return true;
    if (card.slabs !== undefined) return card.slabs.order === undefined || card.slabs.order.includes(category);
    return !isZero(rateOf(card.earn[category] ?? card.earn.base));
  });
}

/** Step 5: a year's value, in rupees, of the counted milestones that the spending reaches. */
function milestonesOf(card: ReferenceCard, monthly: Fraction): Fraction {
  const values = (card.milestones ?? [])
    .filter(({ counted }) => counted !== false)
    .filter(({ spend, every }) => !isLess(times(monthly, fraction(MONTHS[every])), decimal(spend)))
    .map(({ value, every }) => times(decimal(value), fraction(12n / MONTHS[every])));
  return sumOf(values);
}

/** Whether DECIMAL(12,2) holds every amount of a row. */
function fits({ yearly, joining, extra, net, points }: ReferenceRow): boolean {
  return [yearly, joining, extra, net, ...points].every(amount => BigInt(Math.abs(amount)) <= LARGEST_AMOUNT);
}

/** Net, then yearly, both descending; then the name by code point, ascending. */
function byRank(a: ReferenceRow, b: ReferenceRow): number {
  return b.net - a.net || b.yearly - a.yearly || byCodePoint(a.cardName, b.cardName);
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return left[at]!.codePointAt(0)! - (right[at]?.codePointAt(0) ?? -1);
}
