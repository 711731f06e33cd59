import { parseCatalog } from '../../src/engine/catalog.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { CARDS_PER_USER, type RecommendationSlice } from '../../src/model/recommendation.ts';
import type { SpendingSlice } from '../../src/model/spending.ts';
import type { ReferenceRow } from './reference.ts';

/** A user's six amounts in paise, as they stand in user_spending_data. */
export type Amounts = readonly (number | null)[];

/** What the engine answers for one user, in the reference's words. */
export type EngineAnswer =
  | { readonly rows: readonly ReferenceRow[] }
  | { readonly failure: string; readonly message: string };

/** Users as an engine wants them; their numbers start at `firstNo`. */
export function sliceOf(users: readonly Amounts[], firstNo = 0): SpendingSlice {
  const count = users.length;
  const amounts = new Float64Array(6 * count);
  users.forEach((user, i) => {
    for (let c = 0; c < 6; c++) amounts[c * count + i] = user[c] ?? 0;
  });
  return { count, userNo: Int32Array.from(users, (_, i) => firstNo + i), amounts };
}

/** Each user's answer, in the order of the users. */
export async function answersOf(engine: Engine, users: readonly Amounts[]): Promise<EngineAnswer[]> {
  const slice = await engine.recommend(sliceOf(users));
  const answers: EngineAnswer[] = new Array(users.length);
  for (const { userNo, code, message } of slice.failures) answers[userNo] = { failure: code, message };
  slice.userNo.forEach((userNo, served) => {
    const rows = Array.from({ length: CARDS_PER_USER }, (_, i) => rowAt(engine, slice, served * CARDS_PER_USER + i));
    answers[userNo] = { rows };
  });
  return answers;
}

/** The rows of a user who must not fail. */
export async function rowsOf(engine: Engine, user: Amounts): Promise<readonly ReferenceRow[]> {
  const [answer] = await answersOf(engine, [user]);
  if (answer === undefined || !('rows' in answer)) throw new Error(`no rows: ${JSON.stringify(answer)}`);
  return answer.rows;
}

function rowAt(engine: Engine, { cardNo, yearly, extra, points }: RecommendationSlice, at: number): ReferenceRow {
  const card = engine.cards[cardNo[at]!]!;
  const count = cardNo.length;
  return {
    cardName: card.name,
    yearly: yearly[at]!,
    joining: card.joiningFees,
    extra: extra[at]!,
    net: yearly[at]! + extra[at]! - card.joiningFees,
    points: [0, 1, 2, 3, 4, 5].map(c => points[c * count + at]!),
    method: card.redemptionMethod,
    rate: card.redemptionRate,
  };
}

/** What a card needs beside its figures. */
const FORMALITIES = {
  issuer: 'Bank',
  network: 'Visa',
  status: 'open',
  terms: { asOf: '2025', confidence: 'high', sources: [] },
} as const;

/** A card of the catalogue with these figures; its name is its id, too. */
export function cardOf(name: string, joining: number, figures: object) {
  return {
    id: name,
    name,
    ...FORMALITIES,
    fees: { joining, annual: joining },
    earn: { base: { points: 1, per: 100 } },
    redemption: [{ method: 'Cashback', rate: 1 }],
    ...figures,
  };
}

/** Cards with any that are missing to ten: those earn nothing and cost much. */
export function padded(cards: readonly object[]): object[] {
  const missing = Math.max(0, CARDS_PER_USER - cards.length);
  const nothing = { earn: { base: { points: 0, per: 100 } } };
  return [...cards, ...Array.from({ length: missing }, (_, i) => cardOf(`padding ${i}`, 99_999, nothing))];
}

/** Cards through the checks of the loader. */
export function catalogOf(cards: readonly object[], rules: object = {}) {
  return parseCatalog(Buffer.from(JSON.stringify({ version: 'test', rules, cards })), 'test.json');
}
