/** Our side of a comparison. */
import type { Catalog } from '../../engine/catalog.ts';
import type { Engine } from '../../engine/engine.ts';
import { deriveSpends } from '../../engine/spending-rules.ts';
import { rowsOfFirstUser } from '../../model/recommendation.ts';
import { CATEGORIES, type Spending } from '../../model/spending.ts';
import type { ParityRow } from './case.ts';
import { parityRow } from './golden-csv.ts';

export interface OurCatalog extends Pick<Catalog, 'cards' | 'rules'> {
  /** Which open cards users are offered; the engine's setting of that name. */
  readonly eligibleCards: 'open' | 'commissionable';
  /** Paise. */
  readonly maxMonthlySpend: number;
}

export function sixOf(amounts: Spending['amounts']): number[] {
  const six = new Float64Array(CATEGORIES.length);
  const slice = { count: 1, userNo: Int32Array.of(1), amounts: Float64Array.from(amounts, amount => amount ?? 0) };
  deriveSpends(slice, 0, six);
  return [...six];
}

/** The ten that the engine gives a user, best first; or why it refuses the user. */
export async function computeTen(
  engine: Engine,
  amounts: Spending['amounts'],
): Promise<ParityRow[] | { readonly refused: string }> {
  const answer = await engine.recommend({
    count: 1,
    userNo: Int32Array.of(0),
    amounts: Float64Array.from(amounts, amount => amount ?? 0),
  });
  const [failure] = answer.failures;
  if (failure !== undefined) return { refused: failure.message };
  return rowsOfFirstUser('', engine.cards, answer).map(row => parityRow(row));
}
