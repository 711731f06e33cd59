import type { Database } from '../../src/database/database.ts';

/** How many rows card_recommendations has, as the export pages through them. */
export async function countRows(database: Pick<Database, 'exportRecommendations'>): Promise<number> {
  let rows = 0;
  for (let after: string | null = null; ; ) {
    const page = await database.exportRecommendations(after, 1_000);
    if (page.length === 0) return rows;
    rows += page.length;
    after = page.at(-1)!.userId;
  }
}
