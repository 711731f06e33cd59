import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { format } from 'fast-csv';
import type { ExchangeDatabase } from '../database/database.ts';
import { messageOf, UsageError } from '../model/errors.ts';
import type { RecommendationRow } from '../model/exchange.ts';
import { formatHundredths, formatTenThousandths } from '../model/money.ts';

const USERS_PER_PAGE = 2_000;

/** The PRD's fifteen columns, in its order. */
export const OUTPUT_COLUMNS = [
  'user_id',
  'rank',
  'card_name',
  'total_savings_yearly',
  'joining_fees',
  'total_extra_benefits',
  'net_savings',
  'amazon_points',
  'flipkart_points',
  'myntra_points',
  'ajio_points',
  'grocery_points',
  'other_online_points',
  'redemption_method',
  'redemption_rate',
] as const;

/** A row as text: amounts and points with two decimals, the rate with four. */
export function formatRow(row: RecommendationRow): string[] {
  return [
    row.userId,
    String(row.rank),
    row.cardName,
    ...[row.totalSavingsYearly, row.joiningFees, row.totalExtraBenefits, row.netSavings, ...row.points].map(
      formatHundredths,
    ),
    row.redemptionMethod,
    formatTenThousandths(row.redemptionRate),
  ];
}

/** Throws UsageError where an export to `path` cannot end well. */
export async function checkExportPath(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
    throw new UsageError('CSV_UNWRITABLE', `${path} is a folder. Name a file.`);
  }
  if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
    throw new UsageError('CSV_UNWRITABLE', `There is no folder ${folder}. Make it, or name another file.`);
  }
}

/**
 * Writes all of card_recommendations to a CSV, by user_id and rank. The file takes its name when it is whole. Returns the
 * number of rows. Throws UsageError where the file cannot be written.
 */
export async function exportRecommendations(database: ExchangeDatabase, path: string): Promise<number> {
  await checkExportPath(path);
  let rows = 0;
  async function* pages(): AsyncGenerator<string[]> {
    let after: string | null = null;
    for (;;) {
      const page: RecommendationRow[] = await database.exportRecommendations(after, USERS_PER_PAGE);
      if (page.length === 0) return;
      rows += page.length;
      for (const row of page) yield formatRow(row);
      after = page.at(-1)!.userId;
    }
  }
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(
      Readable.from(pages()),
      format({ headers: [...OUTPUT_COLUMNS], alwaysWriteHeaders: true, includeEndRowDelimiter: true }),
      createWriteStream(draft),
    );
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new UsageError('CSV_UNWRITABLE', `Cannot write ${path}: ${messageOf(error)}.`, { cause: error });
  }
  return rows;
}
