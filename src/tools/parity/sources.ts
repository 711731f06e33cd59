/** Where the users of a comparison come from. */
import type { ExchangeDatabase } from '../../database/exchange.ts';
import type { Engine } from '../../engine/engine.ts';
import type { CsvForm } from '../../exchange/csv-rows.ts';
import { readSpendingCsv } from '../../exchange/spending-csv.ts';
import type { RecommendationRow } from '../../model/contract.ts';
import { UsageError } from '../../model/errors.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import type { Spending } from '../../model/spending.ts';
import type { CardMatch } from './card-match.ts';
import type { LeftOut, ParityCase, ParityRow } from './case.ts';
import { parityRow } from './golden-csv.ts';
import { computeTen, sixOf } from './ours.ts';

const USERS_PER_PAGE = 2_000;

type Golden = ReadonlyMap<string, readonly RecommendationRow[]>;

/** A golden file against what is stored. A user who is not stored is left out. */
export async function* casesFromStored(
  golden: Golden,
  database: ExchangeDatabase,
  match: CardMatch,
): AsyncGenerator<ParityCase | LeftOut> {
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
  for (const [userId, rows] of golden) {
    const ours = stored.get(userId)?.map(row => parityRow(row));
    if (ours === undefined) {
      yield { userId, leftOut: 'the database has no recommendations of this user' };
      continue;
    }
    const spending = await database.readSpending(userId);
    yield goldenCase(userId, rows, ours, spending && sixOf(spending.amounts), match);
  }
}

/** A golden file against the engine. A user of the file without spends is left out; so is one that the engine refuses. */
export async function* casesFromSpending(
  golden: Golden,
  users: readonly Spending[],
  engine: Engine,
  match: CardMatch,
): AsyncGenerator<ParityCase | LeftOut> {
  const spends = new Map(users.map(user => [user.userId, user.amounts]));
  for (const [userId, rows] of golden) {
    const amounts = spends.get(userId);
    if (amounts === undefined) {
      yield { userId, leftOut: 'the file of spends does not have this user' };
      continue;
    }
    const ours = await computeTen(engine, amounts);
    if ('refused' in ours) yield { userId, leftOut: `our engine refuses the user: ${ours.refused}` };
    else yield goldenCase(userId, rows, ours, sixOf(amounts), match);
  }
}

function goldenCase(
  userId: string,
  rows: readonly RecommendationRow[],
  ours: readonly ParityRow[],
  spends: readonly number[] | undefined,
  match: CardMatch,
): ParityCase {
  const unknownCards: string[] = [];
  const theirs = rows.map(row => {
    const name = match.find({ name: row.cardName });
    if (name === undefined) unknownCards.push(row.cardName);
    return parityRow(row, name ?? row.cardName);
  });
  const theirTen = theirs.slice(0, CARDS_PER_USER).map(row => row.card);
  return {
    userId,
    ours,
    ourTen: ours.map(row => row.card),
    theirs,
    theirTen,
    theirTenOfAll: theirTen,
    spends,
    unknownCards,
    notOffered: [],
    unusable: [],
    otherKeys: false,
  };
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
      throw new UsageError(
        'CSV_INVALID',
        `${path} is wrong at line ${line.bad.lineNo}: ${line.bad.reason}. Correct it.`,
      );
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
