/** Answers in the measured shape of the live API, made from the catalogue by the exact reference: no line of the engine. */
import { CATEGORIES } from '../../src/model/spending.ts';
import { type ReferenceCard, type ReferenceRow, recommendExactly } from '../reference/reference.ts';

export interface MadeCard extends ReferenceCard {
  readonly cardGenius?: { readonly name: string } | undefined;
}

export interface ApiVariant {
  /** 2025: joining_fees without GST. 2026: with it, and joining_fee_without_gst beside it. */
  readonly year: 2025 | 2026;
  /** The partner's version has everything inside `data`. */
  readonly partner?: boolean;
  /** A card that no other catalogue knows, and that earns more than all. */
  readonly stranger?: boolean;
}

export interface MadeSpends {
  readonly amazon_spends: number;
  readonly flipkart_spends: number;
  readonly grocery_spends_online: number;
  readonly other_online_spends: number;
}

const KEYS = {
  amazon_spends: 'amazon',
  flipkart_spends: 'flipkart',
  grocery_spends_online: 'grocery',
  other_online_spends: 'otherOnline',
} as const;

export function makeRequest(spends: MadeSpends): Record<string, number> {
  return { ...spends, dining_or_going_out: 0, fuel: 0, rent: 0, school_fees: 0 };
}

/** `change` is how the rules there differ from ours: a card as the API would have it. */
export function makeResponse(
  cards: readonly MadeCard[],
  spends: MadeSpends,
  { year, partner = false, stranger: withStranger = false }: ApiVariant,
  change: (card: MadeCard) => MadeCard = card => card,
): object {
  const open = cards.filter(card => card.status === 'open');
  const savings = open.map(card => savingsOf(change(card), spends, year));
  const stranger = { ...savings[0], card_name: 'A Card That Nobody Else Knows', total_savings_yearly: 10_000_000 };
  const body = { success: true, message: 'ok', savings: withStranger ? [stranger, ...savings] : savings };
  return partner ? { status: 'success', message: '', data: body } : body;
}

function savingsOf(card: MadeCard, spends: MadeSpends, year: 2025 | 2026): object {
  const row = exactRow(card, spends);
  const breakdown = Object.entries(KEYS).map(([key, category]) => {
    const points = row.points[CATEGORIES.indexOf(category)]! / 100;
    const caps = (card.caps ?? []).filter(cap => cap.categories.includes(category));
    const months = { month: 1, quarter: 3, half_year: 6, year: 12 };
    return [
      key,
      {
        on: key,
        spend: spends[key as keyof MadeSpends],
        points_earned: points,
        savings: (points * row.rate) / 10_000,
        conv_rate: row.rate / 10_000,
        savings_type: 'points',
        maxCap: caps.length === 0 ? 'Unlimited' : Math.min(...caps.map(cap => cap.points / months[cap.every])),
      },
    ];
  });
  const fee = card.fees.joining;
  const fees =
    year === 2025
      ? { joining_fees: String(fee) }
      : { joining_fees: (fee * 1.18).toFixed(2), joining_fee_without_gst: String(fee) };
  return {
    card_name: card.cardGenius?.name ?? card.name,
    ...fees,
    total_savings: row.yearly / 1_200,
    total_savings_yearly: row.yearly / 100,
    total_extra_benefits: row.extra / 100,
    spending_breakdown: Object.fromEntries(breakdown),
    redemption_options: card.redemption.map(({ method, rate }) => ({ method, conversion_rate: rate })),
  };
}

/** The reference ranks ten: nine others that belong to no catalogue make room for the one. */
function exactRow(card: MadeCard, spends: MadeSpends): ReferenceRow {
  const paise = (rupees: number) => Math.round(rupees * 100);
  const [amazon, flipkart, grocery] = [spends.amazon_spends, spends.flipkart_spends, spends.grocery_spends_online].map(
    paise,
  );
  const sum = amazon! + flipkart! + grocery! + paise(spends.other_online_spends);
  const answer = recommendExactly([card], [amazon!, flipkart!, 0, 0, grocery!, sum], 1_000_000_000);
  if (!('rows' in answer)) throw new Error(answer.message);
  return answer.rows[0]!;
}
