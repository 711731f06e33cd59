/**
 * Users aimed at the edges of one card: amounts that lie exactly on a boundary, or one paisa beside it. Written from the
 * document, with the reference's own fractions.
 */
import { CATEGORIES } from '../../src/model/spending.ts';
import type { Amounts } from './engine-rows.ts';
import { randomUser } from './random-users.ts';
import { decimal, dividedBy, type Fraction, fraction, isLess, minus, plus, times } from './rational.ts';
import type { ReferenceCard, ReferenceRules } from './reference.ts';

export const EDGES = [
  'cap boundary',
  'bonus cap',
  'nested caps',
  'fill order',
  'slab edge',
  'slab order',
  'milestone',
  'milestone that earns',
  'half a whole point',
  'fee with GST',
  'half a paisa',
  'half a hundredth of a point',
  'tie in rank',
  'DECIMAL(12,2)',
  'zero',
  'NULL',
  'the crore',
  'everyday',
] as const;
export type Edge = (typeof EDGES)[number];

export interface AimedUser {
  readonly edge: Edge;
  /** Paise beside the boundary: 0 is on it; undefined where the edge has no sides. */
  readonly side: -1 | 0 | 1 | undefined;
  readonly amounts: Amounts;
}

type Random = () => number;

export const CRORE = 1_000_000_000;
/** Where results are to reach the limit of their column, amounts may reach that of theirs. */
export const LARGEST_AMOUNT = 999_999_999_999;

const MONTHS = { month: 1n, quarter: 3n, half_year: 6n, year: 12n } as const;
const HUNDRED = fraction(100n);

/** Aims a user at an edge of a card under a catalogue's rules; undefined where there is no such edge. */
export function aimAt(
  edge: Edge,
  card: ReferenceCard,
  random: Random,
  rules: ReferenceRules = {},
): AimedUser | undefined {
  const side = ([-1, 0, 1] as const)[Math.floor(random() * 3)]!;
  const at = (amounts: Amounts | undefined): AimedUser | undefined => amounts && { edge, side, amounts };
  const free = (amounts: Amounts): AimedUser => ({ edge, side: undefined, amounts });
  switch (edge) {
    case 'cap boundary':
      return at(onCap(card, 'total', side, random));
    case 'bonus cap':
      return at(onCap(card, 'bonus', side, random));
    case 'nested caps':
      return at(onNestedCaps(card, side, random));
    case 'slab edge': {
      const edges = card.slabs?.bands.slice(1).map(band => [band.from, card.slabs!.every] as const) ?? [];
      return at(onTotal(pick(edges, random), side, random));
    }
    case 'milestone': {
      const counted = card.milestones?.filter(milestone => milestone.counted !== false && milestone.spend > 0) ?? [];
      return at(
        onTotal(
          pick(
            counted.map(({ spend, every }) => [spend, every] as const),
            random,
          ),
          side,
          random,
        ),
      );
    }
    case 'fill order':
      return at(onFillOrder(card, side, random));
    case 'slab order':
      return at(onSlabOrder(card, side, random));
    case 'milestone that earns':
      return at(onEarningMilestone(card, side, random));
    case 'half a whole point':
      return rules.points === 'whole' ? at(onHalf(card, fraction(1n, 100n), side, random)) : undefined;
    case 'fee with GST':
      return rules.fees === 'with_gst' ? free(randomUser(random, CRORE)) : undefined;
    case 'half a paisa':
      return at(onHalf(card, times(bestRate(card, rules), fraction(12n)), side, random));
    case 'half a hundredth of a point':
      return at(onHalf(card, fraction(1n), side, random));
    case 'tie in rank':
      return free(randomUser(random, CRORE));
    case 'DECIMAL(12,2)':
      return at(onLargest(card, side, random, rules));
    case 'zero':
      return free(spread(0, random).map(() => (random() < 0.2 ? null : 0)));
    case 'NULL':
      return free(randomUser(random, CRORE).map(amount => (random() < 0.4 ? null : amount)));
    case 'the crore': {
      const amounts = [0, 0, 0, 0, 0, CRORE];
      const c = Math.floor(random() * 6);
      return at(amounts.map((amount, i) => (i === c ? CRORE + side : amount)));
    }
    case 'everyday':
      return free(randomUser(random, CRORE));
  }
}

const pick = <T>(values: readonly T[], random: Random): T | undefined => values[Math.floor(random() * values.length)];

/** Six spends as the row has them: confirmed is all of them. */
function rowOf(spends: readonly number[]): Amounts | undefined {
  const sum = spends.reduce((total, spend) => total + spend, 0);
  if (spends.some(spend => spend < 0) || sum > LARGEST_AMOUNT) return undefined;
  return [...spends.slice(0, 5), sum];
}

function rateOf(card: ReferenceCard, c: number): Fraction {
  const { points, per } = card.earn[CATEGORIES[c]!] ?? card.earn.base;
  return dividedBy(decimal(points), decimal(per));
}

function bestRate({ redemption }: ReferenceCard, rules: ReferenceRules): Fraction {
  if (rules.redemption === 'recommended') return decimal(redemption.find(way => way.recommended)!.rate);
  const ways = redemption.filter(({ method }) => method === 'Vouchers' || method === 'Cashback');
  return decimal(Math.max(0, ...ways.map(way => way.rate)));
}

const paise = (rupees: Fraction): number => Number((rupees.over * 100n) / rupees.under);

type Cap = NonNullable<ReferenceCard['caps']>[number];

const roomOf = (cap: Cap) => dividedBy(decimal(cap.points), fraction(MONTHS[cap.every]));

/** Points for a rupee that compete for a cap's room. */
function competingRate(card: ReferenceCard, cap: Cap, c: number): Fraction {
  const { overflow } = cap;
  const rate = rateOf(card, c);
  if (cap.counts !== 'bonus' || overflow === undefined) return rate;
  return minus(rate, dividedBy(decimal(overflow.points), decimal(overflow.per)));
}

const earning = (card: ReferenceCard, cap: Cap) =>
  cap.categories.map(category => CATEGORIES.indexOf(category)).filter(c => competingRate(card, cap, c).over > 0n);

/** One or two categories that fill a cap exactly, or a paisa less or more. */
function onCap(card: ReferenceCard, counts: 'total' | 'bonus', side: number, random: Random): Amounts | undefined {
  if (card.slabs !== undefined) return undefined;
  const cap = pick(card.caps?.filter(each => (each.counts ?? 'total') === counts) ?? [], random);
  if (cap === undefined) return undefined;
  const categories = earning(card, cap);
  const [c, d] = [pick(categories, random), pick(categories, random)];
  if (c === undefined || d === undefined) return undefined;
  const spends = [0, 0, 0, 0, 0, 0];
  let room = roomOf(cap);
  if (d !== c) {
    spends[d] = Math.floor(random() * paise(dividedBy(room, competingRate(card, cap, d))));
    room = minus(room, times(fraction(BigInt(spends[d]), 100n), competingRate(card, cap, d)));
  }
  spends[c] = paise(dividedBy(room, competingRate(card, cap, c))) + side;
  const outside = [0, 1, 2, 3, 4, 5].filter(i => !categories.includes(i));
  if (random() < 0.5) for (const i of outside) spends[i] = Math.floor(random() * 1_000_000);
  return rowOf(spends);
}

/** Two caps that share a category: the first is full to the paisa, and a second category fills the other one. */
function onNestedCaps(card: ReferenceCard, side: number, random: Random): Amounts | undefined {
  if (card.slabs !== undefined || card.caps === undefined) return undefined;
  const pairs = card.caps.flatMap((inner, i) => card.caps!.slice(i + 1).map(outer => [inner, outer] as const));
  const chosen = pick(
    pairs.filter(([inner, outer]) => inner.categories.some(category => outer.categories.includes(category))),
    random,
  );
  if (chosen === undefined) return undefined;
  const [inner, outer] = chosen;
  const c = pick(
    earning(card, inner).filter(each => outer.categories.includes(CATEGORIES[each]!)),
    random,
  );
  if (c === undefined) return undefined;
  const spends = [0, 0, 0, 0, 0, 0];
  spends[c] = paise(dividedBy(roomOf(inner), competingRate(card, inner, c))) + side;
  const d = pick(
    earning(card, outer).filter(each => each !== c),
    random,
  );
  if (d !== undefined) {
    const used = times(fraction(BigInt(Math.max(0, spends[c])), 100n), rateOf(card, c));
    const left = minus(roomOf(outer), used);
    const room = left.over > 0n ? left : roomOf(outer);
    spends[d] = Math.max(0, paise(dividedBy(room, competingRate(card, outer, d))) + Math.floor(random() * 3) - 1);
  }
  return rowOf(spends);
}

/** The category that a cap lists first takes its room to the paisa, and one with a better rate comes after it. */
function onFillOrder(card: ReferenceCard, side: number, random: Random): Amounts | undefined {
  if (card.slabs !== undefined) return undefined;
  const misordered = (card.caps ?? []).flatMap(cap => {
    const filled = earning(card, cap);
    const better = filled.slice(1).filter(c => isLess(rateOf(card, filled[0]!), rateOf(card, c)));
    return better.map(c => [cap, filled[0]!, c] as const);
  });
  const chosen = pick(misordered, random);
  if (chosen === undefined) return undefined;
  const [cap, first, better] = chosen;
  const spends = [0, 0, 0, 0, 0, 0];
  spends[first] = paise(dividedBy(roomOf(cap), competingRate(card, cap, first))) + side;
  spends[better] = Math.floor(random() * 10_000_000);
  return rowOf(spends);
}

/** Of slabs with an order, the first few categories end exactly where a band does. */
function onSlabOrder(card: ReferenceCard, side: number, random: Random): Amounts | undefined {
  const { slabs } = card;
  const band = pick(slabs?.bands.slice(1) ?? [], random);
  if (slabs?.order === undefined || band === undefined) return undefined;
  const first = slabs.order.slice(0, 1 + Math.floor(random() * slabs.order.length));
  const spends = spread(Math.floor(random() * 20_000_000), random);
  let left = paise(dividedBy(decimal(band.from), fraction(MONTHS[slabs.every]))) + side;
  first.forEach((category, place) => {
    const part = place === first.length - 1 ? left : Math.floor(random() * left);
    spends[CATEGORIES.indexOf(category)] = part;
    left -= part;
  });
  return rowOf(spends);
}

/** The spend that earns reaches a milestone to the paisa; more is spent where the card earns nothing. */
function onEarningMilestone(card: ReferenceCard, side: number, random: Random): Amounts | undefined {
  const counted = card.milestones?.filter(milestone => milestone.counted !== false && milestone.spend > 0) ?? [];
  const milestone = pick(counted, random);
  const earns = (c: number) =>
    card.slabs === undefined
      ? rateOf(card, c).over > 0n
      : card.slabs.order === undefined || card.slabs.order.includes(CATEGORIES[c]!);
  const [some, none] = [[0, 1, 2, 3, 4, 5].filter(earns), [0, 1, 2, 3, 4, 5].filter(c => !earns(c))];
  const [last, idle] = [pick(some, random), pick(none, random)];
  if (milestone === undefined || last === undefined || idle === undefined) return undefined;
  const spends = [0, 0, 0, 0, 0, 0];
  let left = paise(dividedBy(decimal(milestone.spend), fraction(MONTHS[milestone.every]))) + side;
  for (const c of some) {
    if (c === last || random() < 0.5) continue;
    spends[c] = Math.max(0, Math.floor(random() * left));
    left -= spends[c];
  }
  spends[last] = left;
  spends[idle] = random() < 0.3 ? 1 : Math.floor(random() * 5_000_000);
  return rowOf(spends);
}

/** The period's total is exactly an amount of rupees, or a paisa a month less or more. */
function onTotal(
  edge: readonly [rupees: number, every: keyof typeof MONTHS] | undefined,
  side: number,
  random: Random,
): Amounts | undefined {
  if (edge === undefined) return undefined;
  const [rupees, every] = edge;
  const total = paise(dividedBy(decimal(rupees), fraction(MONTHS[every]))) + side;
  return total < 0 ? undefined : rowOf(spread(total, random));
}

/** A total in six parts, some of them nothing. */
function spread(total: number, random: Random): number[] {
  const weights = CATEGORIES.map(() => (random() < 0.4 ? 0 : random()));
  const sum = weights.reduce((all, weight) => all + weight, 0) || 1;
  const parts = weights.map(weight => Math.floor((total * weight) / sum));
  parts[5]! += total - parts.reduce((all, part) => all + part, 0);
  return parts;
}

/** A spend in one category whose result, rate × factor, ends in exactly half a hundredth. */
function onHalf(card: ReferenceCard, factor: Fraction, side: number, random: Random): Amounts | undefined {
  if (card.slabs !== undefined) return undefined;
  const c = Math.floor(random() * 6);
  const { over, under } = lowest(times(rateOf(card, c), factor));
  if (over === 0n || under % 2n === 1n) return undefined;
  // spend × over ÷ under must be a whole number and a half: spend ≡ under ÷ 2 × over⁻¹ (mod under).
  const base = ((under / 2n) * inverse(over % under, under)) % under;
  const spend = Number(base + under * BigInt(Math.floor(random() * 50)));
  const spends = [0, 0, 0, 0, 0, 0];
  spends[c] = spend + side;
  return spend > CRORE ? undefined : rowOf(spends);
}

/** A spend with which savings a year, or points, come to the largest amount that their column holds. */
function onLargest(card: ReferenceCard, side: number, random: Random, rules: ReferenceRules): Amounts | undefined {
  if (card.slabs !== undefined) return undefined;
  const c = Math.floor(random() * 6);
  const ofSavings = random() < 0.7;
  const perRupee = ofSavings ? times(times(rateOf(card, c), bestRate(card, rules)), fraction(12n)) : rateOf(card, c);
  if (perRupee.over === 0n) return undefined;
  const fee = ofSavings && random() < 0.5 ? decimal(card.fees.joining) : fraction(0n);
  const spend = paise(dividedBy(plus(dividedBy(fraction(BigInt(LARGEST_AMOUNT)), HUNDRED), fee), perRupee)) + side;
  const spends = [0, 0, 0, 0, 0, 0];
  spends[c] = spend;
  return rowOf(spends);
}

function lowest({ over, under }: Fraction): Fraction {
  let [a, b] = [over, under];
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? { over, under } : { over: over / a, under: under / a };
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}
