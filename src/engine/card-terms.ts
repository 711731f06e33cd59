/**
 * What a catalogue's rules make of one card: the name under which it is stored, the fee, the value of a point, the categories
 * whose spend counts for milestones. The fast program, the exact way and the explanation ask here, so that they cannot differ.
 */
import { groupHundredths } from '../model/money.ts';
import { CATEGORIES } from '../model/spending.ts';
import type { Card, Rules } from './catalog-schema.ts';
import { fromDecimal, multiply, rational } from './rational.ts';

/** What a catalogue that names no rules follows. */
export const DEFAULT_RULES: Rules = {
  milestones: 'earning',
  redemption: 'vouchers_or_cashback',
  points: 'exact',
  fees: 'without_gst',
};

/** The name that goes into `card_recommendations` and breaks ties: the display name where the card has one. */
export const nameOf = ({ displayName, name }: Pick<Card, 'displayName' | 'name'>): string => displayName ?? name;

/** Which open cards are recommended. */
export type EligibleCards = 'open' | 'commissionable';

/** Whether a card may be recommended. Commissionable ones are known to be, and are not known to be closed to users. */
export function isEligible({ status, offer }: Pick<Card, 'status' | 'offer'>, eligible: EligibleCards): boolean {
  if (status !== 'open') return false;
  if (eligible === 'open') return true;
  return offer?.commissionable === true && offer.inviteOnly !== true && offer.sourceable !== false;
}

/** A decimal of the catalogue as a whole number of its smallest places: exact. */
export function toWhole(value: number, places: number): number {
  return Number(multiply(fromDecimal(value), rational(10n ** BigInt(places))).numerator);
}

/** A figure of the catalogue for people, without places where it is whole: 1500 is `1,500`, 99.5 is `99.50`. */
export const plainFigure = (value: number): string => groupHundredths(Math.round(value * 100)).replace(/\.00$/, '');

/** The joining fee in whole paise; with 18 % GST where the rules want it, half up. */
export function joiningFeeOf({ fees }: Pick<Card, 'fees'>, rules: Pick<Rules, 'fees'>): number {
  const paise = toWhole(fees.joining, 2);
  return rules.fees === 'without_gst' ? paise : Number((BigInt(paise) * 118n + 50n) / 100n);
}

/**
 * The way in which points are turned into rupees, and its rate in ten-thousandths of a rupee for one point: the best of vouchers
 * and cashback, the first listed on a tie; or the option that is marked as recommended, whatever it is.
 */
export function redemptionOf(
  { redemption }: Pick<Card, 'redemption'>,
  rules: Pick<Rules, 'redemption'>,
): { method: string; rate: number } {
  let best: { method: string; rate: number } | undefined;
  for (const option of redemption) {
    if (!counts(option, rules)) continue;
    if (best === undefined || option.rate > best.rate) best = option;
  }
  return best === undefined ? { method: 'None', rate: 0 } : { method: best.method, rate: toWhole(best.rate, 4) };
}

/** Whether an option of a card can be the one that counts under these rules. */
export function counts({ method, recommended }: Card['redemption'][number], rules: Pick<Rules, 'redemption'>): boolean {
  return rules.redemption === 'recommended' ? recommended === true : method === 'Vouchers' || method === 'Cashback';
}

/** Indexes of the categories whose spend counts for milestones: those in which the card earns before any cap. */
export function milestoneCategories(
  { earn, slabs }: Pick<Card, 'earn' | 'slabs'>,
  rules: Pick<Rules, 'milestones'>,
): number[] {
  const all = CATEGORIES.map((_, c) => c);
  if (rules.milestones === 'all') return all;
  if (slabs !== undefined) {
    const { order } = slabs;
    return order === undefined ? all : all.filter(c => order.includes(CATEGORIES[c]!));
  }
  return all.filter(c => (earn[CATEGORIES[c]!] ?? earn.base).points > 0);
}
