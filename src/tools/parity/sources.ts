/** Where the users of a comparison come from, and what stands on our side. */
import type { ExchangeDatabase } from '../../database/exchange.ts';
import type { Engine } from '../../engine/engine.ts';
import { deriveSpends } from '../../engine/spending-rules.ts';
import type { CsvForm } from '../../exchange/csv-rows.ts';
import { readSpendingCsv } from '../../exchange/spending-csv.ts';
import { UsageError } from '../../model/errors.ts';
import type { RecommendationRow } from '../../model/exchange.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES, type Spending } from '../../model/spending.ts';
import { type ApiAnswer, amountsOf, rowsOfAnswer } from './api-answers.ts';
import type { CardNames } from './card-names.ts';
import type { ParityCase, ParityRow } from './case.ts';
import { parityRow } from './golden-csv.ts';

const USERS_PER_PAGE = 2_000;

type Golden = ReadonlyMap<string, readonly RecommendationRow[]>;

/** A golden file against what is stored. A user who is not stored has no rows on our side. */
export async function casesFromStored(
  golden: Golden,
  database: ExchangeDatabase,
  names: CardNames,
): Promise<ParityCase[]> {
  const stored = new Map<string, RecommendationRow[]>();
  let after: string | null = null;
  for (let left = golden.size; left > 0; ) {
    const page: RecommendationRow[] = await database.exportRecommendations(after, USERS_PER_PAGE);
    if (page.length === 0) break;
    for (const row of page) {
      if (!golden.has(row.userId)) continue;
      const rows = stored.get(row.userId);
      if (rows !== undefined) rows.push(row);
      else {
        stored.set(row.userId, [row]);
        left--;
      }
    }
    after = page.at(-1)!.userId;
  }
  // The last user's ten may not be there yet when the loop ends by count: pages hold whole users, so they are.
  return Promise.all(
    [...golden].map(async ([userId, rows]) => {
      const spending = await database.readSpending(userId);
      const ours = (stored.get(userId) ?? []).map(row => parityRow(row));
      return goldenCase(userId, rows, ours, spending && sixOf(spending.amounts), names);
    }),
  );
}

/** A golden file against the engine, for users whose spends are at hand; others are left out, and counted. */
export async function casesFromSpending(
  golden: Golden,
  users: readonly Spending[],
  engine: Engine,
  names: CardNames,
): Promise<ParityCase[]> {
  const wanted = users.filter(user => golden.has(user.userId));
  const ours = await computeRows(
    engine,
    wanted.map(user => user.amounts),
  );
  return wanted.map(({ userId, amounts }, i) =>
    goldenCase(userId, golden.get(userId)!, ours[i]!, sixOf(amounts), names),
  );
}

function goldenCase(
  userId: string,
  rows: readonly RecommendationRow[],
  ours: readonly ParityRow[],
  spends: readonly number[] | undefined,
  names: CardNames,
): ParityCase {
  const unknownCards: string[] = [];
  const theirs = rows.map(row => {
    const name = names.find(row.cardName);
    if (name === undefined) unknownCards.push(row.cardName);
    return parityRow(row, name ?? row.cardName);
  });
  return { userId, ours, theirs, spends, unknownCards };
}

/** Answers of the API against the engine, for the spends that were sent: Myntra and Ajio folded into the rest. */
export async function casesFromAnswers(
  answers: readonly ApiAnswer[],
  engine: Engine,
  names: CardNames,
): Promise<ParityCase[]> {
  const amounts = answers.map(answer => amountsOf(answer.request));
  const ours = await computeRows(engine, amounts);
  return answers.map((answer, i) => {
    const { rows, unknown } = rowsOfAnswer(answer, names);
    return { userId: answer.userId, ours: ours[i]!, theirs: rows, spends: sixOf(amounts[i]!), unknownCards: unknown };
  });
}

type Amounts = Spending['amounts'];

export function sixOf(amounts: Amounts): number[] {
  const six = new Float64Array(CATEGORIES.length);
  const slice = { count: 1, userNo: Int32Array.of(1), amounts: Float64Array.from(amounts, amount => amount ?? 0) };
  deriveSpends(slice, 0, six);
  return [...six];
}

/** Our ten for each; none for a user whom the engine refuses. */
async function computeRows(engine: Engine, users: readonly Amounts[]): Promise<ParityRow[][]> {
  const count = users.length;
  const amounts = new Float64Array(count * CATEGORIES.length);
  users.forEach((user, i) => {
    for (let c = 0; c < CATEGORIES.length; c++) amounts[c * count + i] = user[c] ?? 0;
  });
  const answer = await engine.recommend({ count, userNo: Int32Array.from({ length: count }, (_, i) => i), amounts });
  const rows: ParityRow[][] = users.map(() => []);
  const total = answer.cardNo.length;
  answer.cardNo.forEach((cardNo, r) => {
    const card = engine.cards[cardNo]!;
    const [yearly, extra] = [answer.yearly[r]!, answer.extra[r]!];
    rows[answer.userNo[Math.floor(r / CARDS_PER_USER)]!]!.push({
      card: card.name,
      yearly,
      extra,
      joiningFees: card.joiningFees,
      net: yearly + extra - card.joiningFees,
      points: Object.fromEntries(CATEGORIES.map((category, c) => [category, answer.points[c * total + r]!])),
      redemptionMethod: card.redemptionMethod,
      redemptionRate: card.redemptionRate,
    });
  });
  return rows;
}

/** Users of a CSV of spends, at most `most`. Throws UsageError at the first bad row: a sample should be right. */
export async function usersOfCsv(
  path: string,
  maxMonthlySpend: number,
  most: number,
  form: CsvForm = {},
): Promise<Spending[]> {
  const users: Spending[] = [];
  for await (const line of readSpendingCsv(path, maxMonthlySpend, form)) {
    if ('bad' in line) {
      throw new UsageError('CSV_INVALID', `${path} is wrong at line ${line.bad.lineNo}: ${line.bad.reason}. Mend it.`);
    }
    users.push(line.good);
    if (users.length === most) break;
  }
  return users;
}

/** The first users that have recommendations, at most `most`. */
export async function usersOfDatabase(database: ExchangeDatabase, most: number): Promise<Spending[]> {
  const users: Spending[] = [];
  for (let after: string | null = null; users.length < most; ) {
    const page: RecommendationRow[] = await database.exportRecommendations(after, Math.min(USERS_PER_PAGE, most));
    if (page.length === 0) break;
    for (const userId of new Set(page.map(row => row.userId))) {
      const spending = await database.readSpending(userId);
      if (spending !== undefined && users.length < most) users.push({ userId, amounts: spending.amounts });
    }
    after = page.at(-1)!.userId;
  }
  return users;
}
