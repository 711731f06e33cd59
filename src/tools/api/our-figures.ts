/** What the built-in engine says of every card, and not of its ten best alone: cards in groups of ten leave none out. */
import { createBuiltInEngine } from '../../engine/built-in.ts';
import type { Catalog } from '../../engine/catalog.ts';
import type { Card } from '../../engine/catalog-schema.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';

/** One card for one user: paise, hundredths of points, ten-thousandths. */
export interface Figures {
  readonly yearly: number;
  readonly extra: number;
  readonly joiningFees: number;
  readonly net: number;
  /** In the order of CATEGORIES. */
  readonly points: readonly number[];
  readonly redemptionMethod: string;
  readonly redemptionRate: number;
}

export type FiguresOf = (amounts: readonly (number | null)[]) => readonly Figures[] | { readonly refused: string };

/** Cards that earn nothing, to make ten of a group: quicker to compile than copies of its own. */
const FILLERS: readonly Card[] = Array.from({ length: CARDS_PER_USER }, (_, i) => ({
  id: `filler_${i}`,
  name: `Filler ${i}`,
  issuer: '',
  network: '',
  status: 'open',
  fees: { joining: 0, annual: 0 },
  earn: { base: { points: 0, per: 100 } },
  redemption: [{ method: 'Cashback', rate: 0, recommended: true }],
  terms: { asOf: '2026', confidence: 'high', sources: [] },
}));

/**
 * A function from a user's six amounts (paise, confirmed last) to the figures of each card, in the order given, whatever its
 * status; or why the engine refuses this user.
 */
export function figuresOfCards(catalog: Pick<Catalog, 'cards' | 'rules'>, maxMonthlySpend: number): FiguresOf {
  const cards = catalog.cards.map(card => ({ ...card, status: 'open' as const }));
  const groups = Array.from({ length: Math.ceil(cards.length / CARDS_PER_USER) }, (_, g) => {
    const first = g * CARDS_PER_USER;
    const members = cards.slice(first, first + CARDS_PER_USER);
    const ten = [...members, ...FILLERS.slice(members.length)];
    const engine = createBuiltInEngine({ catalog: { cards: ten, rules: catalog.rules, sha256: '' }, maxMonthlySpend });
    return { first, members: members.length, engine };
  });
  return amounts => {
    const figures: Figures[] = [];
    const slice = { count: 1, userNo: Int32Array.of(0), amounts: Float64Array.from(amounts, amount => amount ?? 0) };
    for (const { first, members, engine } of groups) {
      const answer = engine.recommend(slice);
      if (answer instanceof Promise) throw new TypeError('the built-in engine answers at once');
      const [failure] = answer.failures;
      if (failure !== undefined) return { refused: failure.message };
      answer.cardNo.forEach((cardNo, r) => {
        if (cardNo >= members) return;
        const card = engine.cards[cardNo]!;
        const [yearly, extra] = [answer.yearly[r]!, answer.extra[r]!];
        figures[first + cardNo] = {
          yearly,
          extra,
          joiningFees: card.joiningFees,
          net: yearly + extra - card.joiningFees,
          points: CATEGORIES.map((_, c) => answer.points[c * CARDS_PER_USER + r]!),
          redemptionMethod: card.redemptionMethod,
          redemptionRate: card.redemptionRate,
        };
      });
    }
    return figures;
  };
}
