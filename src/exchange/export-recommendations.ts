import type { ExchangeDatabase } from '../database/exchange.ts';
import type { RecommendationRow } from '../model/exchange.ts';
import { formatHundredths, formatTenThousandths } from '../model/money.ts';
import { writeCsv } from './write-csv.ts';

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

/**
 * Writes all of card_recommendations to a CSV, by user_id and rank. The file takes its name when it is whole. It is for a
 * machine: each cell is as it is stored. Returns the number of rows. Throws UsageError where the file cannot be written.
 */
export async function exportRecommendations(database: ExchangeDatabase, path: string): Promise<number> {
  async function* rows(): AsyncGenerator<string[]> {
    for (let after: string | null = null; ; ) {
      const page: RecommendationRow[] = await database.exportRecommendations(after, USERS_PER_PAGE);
      if (page.length === 0) return;
      yield* page.map(formatRow);
      after = page.at(-1)!.userId;
    }
  }
  return writeCsv(path, OUTPUT_COLUMNS, rows(), { exact: true });
}
