/** Why pairs of figures differ, card by card, so that what a change gives is compiled once. */
import { nameOf } from '../../engine/card-terms.ts';
import type { Card, Rules } from '../../engine/catalog-schema.ts';
import { CATEGORIES } from '../../model/spending.ts';
import { fitCard, rulesOf } from '../api/card-fit.ts';
import type { Evidence } from '../api/evidence.ts';
import type { CardMatch } from './card-match.ts';
import type { ParityRow } from './case.ts';
import { CardCauses, type Reason } from './causes.ts';
import { changesToFitted, changesToRow } from './changes.ts';

/** A pair whose figures are not the same. */
export interface Pending {
  readonly userId: string;
  readonly card: string;
  /** Our net, paise. */
  readonly net: number;
  /** Undefined where there are answers to explain it by: then the catalogue gives it again. */
  readonly ours: ParityRow | undefined;
  readonly theirs: ParityRow;
  readonly spends: readonly number[] | undefined;
  readonly otherKeys: boolean;
}

/** Where causes are looked up. */
export interface Sources {
  /** Undefined for an engine of one's own: then the figures that differ are all that is said. */
  readonly catalog: { readonly cards: readonly Card[]; readonly rules: Rules } | undefined;
  readonly evidence?: Evidence | undefined;
  readonly match: CardMatch;
  readonly tolerance: number;
}

/**
 * A function from a pair to its reasons. `evidence` is complete when this is called. Ask card by card: what a card's changes give is
 * kept until another card is asked for, and all cards at once would take hundreds of megabytes.
 */
export function explainerOf({ catalog, evidence, match, tolerance }: Sources): (pair: Pending) => readonly Reason[] {
  const byName = new Map((catalog?.cards ?? []).map(card => [nameOf(card), card]));
  const apiRules = evidence === undefined ? undefined : rulesOf(evidence);
  const evidenceOf = new Map(
    [...(evidence?.cards.values() ?? [])].map(found => [match.find(found.card), found] as const),
  );
  let current: { readonly name: string; readonly causes: CardCauses } | undefined;
  return ({ card: name, ours, theirs, spends, otherKeys }) => {
    const card = byName.get(name);
    if (catalog === undefined || card === undefined || spends === undefined)
      return ours === undefined ? [] : plainReasons(ours, theirs, tolerance);
    const pair = { theirs, spends, otherKeys };
    const terms = { card, rules: catalog.rules };
    const found = evidenceOf.get(name);
    // Guesses from one row are for that row alone.
    if (found === undefined || apiRules === undefined)
      return new CardCauses(terms, changesToRow(terms, theirs, spends), tolerance).reasonsFor(pair);
    if (current?.name !== name) {
      const changes = changesToFitted(terms, fitCard(found, apiRules), apiRules);
      current = { name, causes: new CardCauses(terms, changes, tolerance) };
    }
    return current.causes.reasonsFor(pair);
  };
}

/**
 * Whether all that differs is the rupees of equal points, by no more than the decimals of a point's value that the column cannot
 * hold. It is told as a cause, and is no fault of a catalogue.
 */
export function isFourthDecimal(ours: ParityRow, theirs: ParityRow): boolean {
  const [rate, exact] = [ours.redemptionRate, theirs.exactRate];
  if (rate === undefined || exact === undefined || Math.abs(rate / 10_000 - exact) > 0.00005) return false;
  if (ours.extra !== theirs.extra || ours.joiningFees !== theirs.joiningFees) return false;
  let points = 0;
  for (const category of CATEGORIES) {
    const [mine, other] = [ours.points[category] ?? 0, theirs.points[category]];
    if (other !== undefined && Math.abs(mine - other) > 1) return false;
    points += mine;
  }
  return Math.abs(ours.yearly - theirs.yearly) <= points * 12 * Math.abs(rate / 10_000 - exact) + 2;
}

/** Which figures differ, where there is nothing to look causes up in. */
function plainReasons(ours: ParityRow, theirs: ParityRow, tolerance: number): Reason[] {
  const far = (a: number, b: number) => Math.abs(a - b) > tolerance;
  const gst = (a: number, b: number) => Math.abs(Math.round(a * 1.18) - b) <= 1;
  const [fee, other] = [ours.joiningFees, theirs.joiningFees];
  const shown = (a: number, b: number) => `${a / 100} here, ${b / 100} there`;
  const reasons: Reason[] = [];
  if (far(fee, other)) {
    const cause = gst(fee, other) || gst(other, fee) ? 'fee with GST' : 'fee';
    reasons.push({ cause, detail: shown(fee, other) });
  }
  const rest = ours.yearly + ours.extra - theirs.yearly - theirs.extra;
  if (Math.abs(rest) > tolerance || reasons.length === 0) {
    reasons.push({
      cause: 'unexplained',
      detail: `savings and extra benefits: ${shown(ours.yearly + ours.extra, theirs.yearly + theirs.extra)}`,
    });
  }
  return reasons;
}
