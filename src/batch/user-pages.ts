/** All users of a database, page by page, as the engine takes them. Nothing is written. */
import type { ExchangeDatabase, ListedSpending } from '../database/exchange.ts';
import { SPENDING_COLUMNS, type SpendingSlice } from '../model/spending.ts';

/** How many users a page has: enough for all threads, with some 50,000 stored rows beside them. */
const USERS_PER_PAGE = 5_000;

export interface UserPage {
  /** By user number. */
  readonly ids: readonly string[];
  readonly slice: SpendingSlice;
  /** The key range of the page: after the one (null: from the start), up to the other. */
  readonly after: string | null;
  readonly last: string;
  /** Users of the page who are not in it, because no run takes them. */
  readonly leftOut: number;
}

/** Users whose status `isWanted` takes; the default takes all. A page may be empty. */
export async function* userPages(
  database: Pick<ExchangeDatabase, 'listSpending'>,
  isWanted: (status: string | null) => boolean = () => true,
): AsyncGenerator<UserPage> {
  for (let after: string | null = null; ; ) {
    const found: ListedSpending[] = await database.listSpending(after, USERS_PER_PAGE);
    const last = found.at(-1)?.userId;
    if (last === undefined) return;
    const users = found.filter(({ status }) => isWanted(status));
    yield {
      ids: users.map(({ userId }) => userId),
      slice: sliceOf(users),
      after,
      last,
      leftOut: found.length - users.length,
    };
    after = last;
  }
}

function sliceOf(users: readonly ListedSpending[]): SpendingSlice {
  const count = users.length;
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (const [i, user] of users.entries()) {
    for (const [c, amount] of user.amounts.entries()) amounts[c * count + i] = amount ?? 0;
  }
  return { count, userNo: Int32Array.from({ length: count }, (_, i) => i), amounts };
}
