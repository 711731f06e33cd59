import { CardGeniusError } from '../model/errors.ts';
import { HISTORY, type History, type MaintenanceDatabase, type Orphans } from './maintenance.ts';

/** The share of orphans up to which they are users who left; more are the sign of a table that is being loaded anew. */
const ORPHANS_BELIEVED = 0.1;

export type Pruned = Readonly<Record<History, number>>;

/**
 * Forgets what ended more than `keepDays` ago, batch by batch, each its own transaction: it can be stopped at any time, and runs
 * beside a run. The active run and the latest stay.
 */
export async function pruneHistory(database: MaintenanceDatabase, keepDays: number): Promise<Pruned> {
  const pruned = {} as Record<History, number>;
  for (const kind of HISTORY) {
    let deleted: number;
    pruned[kind] = 0;
    do {
      deleted = await database.pruneHistory(kind, keepDays);
      pruned[kind] += deleted;
    } while (deleted > 0);
  }
  return pruned;
}

/** Throws ORPHANS_MANY where more than one user in ten would lose their rows, unless `yes`. */
export function checkOrphans({ orphans, users }: Orphans, yes: boolean): void {
  if (yes || orphans <= users * ORPHANS_BELIEVED) return;
  throw new CardGeniusError(
    'ORPHANS_MANY',
    `${orphans} of ${users} users with recommendations are not in user_spending_data: more than one in ten. Is that table being ` +
      'loaded anew? No rows were deleted. If the users are really gone, say --yes.',
  );
}

/** Deletes the recommendations of users who are gone, page by page; how many rows. */
export async function pruneOrphans(database: MaintenanceDatabase): Promise<number> {
  let rows = 0;
  for (let after: string | null = null; ; ) {
    const { lastUserId, deleted } = await database.pruneOrphans(after);
    rows += deleted;
    if (lastUserId === null) return rows;
    after = lastUserId;
  }
}
