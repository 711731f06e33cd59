import type { ExchangeDatabase } from '../database/exchange.ts';
import type { RecommendationRow } from '../model/contract.ts';
import { type ContractColumn, RECOMMENDATION_COLUMNS } from '../model/contract.ts';
import { formatHundredths, formatTenThousandths } from '../model/money.ts';
import { writeCsv } from './write-csv.ts';

const USERS_PER_PAGE = 2_000;

/** The fifteen columns of the PRD's summary, in its order. */
export const OUTPUT_COLUMNS = RECOMMENDATION_COLUMNS.filter(({ optional }) => !optional).map(({ name }) => name);

/** Those, and the ones that a table may lack: empty cells there. */
export const FULL_COLUMNS = RECOMMENDATION_COLUMNS.map(({ name }) => name);

/** A row as text, column by column: amounts and points with two decimals, the rate with four, times in UTC. */
export const formatRow = (row: RecommendationRow, columns: readonly string[] = OUTPUT_COLUMNS): string[] =>
  rowFormatter(columns)(row);

function rowFormatter(names: readonly string[]): (row: RecommendationRow) => string[] {
  const columns = RECOMMENDATION_COLUMNS.filter(({ name }) => names.includes(name));
  return row => columns.map(column => formatCell(row, column));
}

function formatCell(row: RecommendationRow, { field, kind }: ContractColumn): string {
  const value = row[field as keyof RecommendationRow];
  if (value === null || value === undefined) return '';
  if (kind === 'money' || kind === 'points') return formatHundredths(Number(value));
  if (kind === 'rate') return formatTenThousandths(Number(value));
  return value instanceof Date ? value.toISOString() : String(value);
}

/**
 * Writes all of card_recommendations to a CSV, by user_id and rank. The file takes its name when it is whole. It is for a
 * machine: each cell is as it is stored. Returns the number of rows. Throws UsageError where the file cannot be written.
 */
export async function exportRecommendations(
  database: ExchangeDatabase,
  path: string,
  columns: readonly string[] = OUTPUT_COLUMNS,
): Promise<number> {
  const format = rowFormatter(columns);
  async function* rows(): AsyncGenerator<string[]> {
    for (let after: string | null = null; ; ) {
      const page: RecommendationRow[] = await database.exportRecommendations(after, USERS_PER_PAGE);
      if (page.length === 0) return;
      yield* page.map(format);
      after = page.at(-1)!.userId;
    }
  }
  return writeCsv(path, columns, rows(), { exact: true });
}
