/** Why a card is, or is not, among a user's ten: where it stands among all that may be recommended, and what it lacks. */
import { CARDS_PER_USER } from '../model/recommendation.ts';
import { type EligibleCards, isEligible, nameOf } from './card-terms.ts';
import type { Catalog } from './catalog.ts';
import type { Card } from './catalog-schema.ts';
import { type Explanation, explainAll } from './explain.ts';

export interface WhyNot {
  readonly explanation: Explanation;
  /** Its place among the cards that may be recommended, from 1; for a card that may not, the place that it would have. */
  readonly place: number;
  readonly cards: number;
  /** Why it may not be recommended at all; undefined where it may. */
  readonly excluded: string | undefined;
  /** The last of the ten without this card. */
  readonly tenth: Explanation;
  /** Paise of net_savings that it lacks to be before that one; 0 where it is among the ten. */
  readonly lacks: number;
}

/** `amounts`: the six as they stand in the table, paise; NULL counts as 0. */
export function whyNot(
  catalog: Pick<Catalog, 'cards' | 'rules'>,
  eligibleCards: EligibleCards,
  card: Card,
  amounts: readonly (number | null)[],
): WhyNot {
  const others = catalog.cards.filter(other => other !== card && isEligible(other, eligibleCards));
  const [explanation, ...rest] = explainAll(catalog, [card, ...others].map(nameOf), amounts);
  const ranked = [...rest].sort(byRank);
  const before = ranked.filter(other => byRank(other, explanation!) < 0).length;
  const tenth = ranked[CARDS_PER_USER - 1] ?? ranked.at(-1) ?? explanation!;
  return {
    explanation: explanation!,
    place: before + 1,
    cards: others.length + 1,
    excluded: excludedBecause(card, eligibleCards),
    tenth,
    lacks: before < CARDS_PER_USER ? 0 : tenth.net - explanation!.net,
  };
}

/** Net, then savings, both descending; then the name by code point. */
function byRank(a: Explanation, b: Explanation): number {
  return b.net - a.net || b.yearly - a.yearly || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

function excludedBecause(card: Card, eligibleCards: EligibleCards): string | undefined {
  if (isEligible(card, eligibleCards)) return undefined;
  if (card.status !== 'open') return `its status is ${card.status}, and only open cards are recommended`;
  const { commissionable, inviteOnly, sourceable } = card.offer ?? {};
  if (commissionable !== true) {
    return `it is ${commissionable === false ? 'not' : 'not known to be'} commissionable, and eligibleCards wants that`;
  }
  if (inviteOnly === true) return 'it is given by invitation only';
  return sourceable === false ? 'it cannot be sourced' : undefined;
}
