import { formatRow, OUTPUT_COLUMNS } from '../exchange/export-recommendations.ts';
import type { RecommendationRow } from '../model/contract.ts';
import { formatRupees, formatTenThousandths } from '../model/money.ts';
import { textTable } from './table.ts';

/** Ten cards as a table for people: rupees with Indian grouping. */
export function cardsTable(rows: readonly RecommendationRow[]): string {
  const header = ['rank', 'card', 'savings a year', 'extra benefits', 'joining fees', 'net savings', 'redeemed as'];
  const body = rows.map(row => [
    String(row.rank),
    row.cardName,
    formatRupees(row.totalSavingsYearly),
    formatRupees(row.totalExtraBenefits),
    formatRupees(row.joiningFees),
    formatRupees(row.netSavings),
    `${row.redemptionMethod} at ${formatTenThousandths(row.redemptionRate)}`,
  ]);
  return textTable(header, body, [0, 2, 3, 4, 5]);
}

/** A row under the PRD's column names, amounts as decimal text: what --json prints. */
export function namedRow(row: RecommendationRow): Record<string, string | number> {
  const cells = formatRow(row);
  return Object.fromEntries(OUTPUT_COLUMNS.map((name, i) => [name, name === 'rank' ? row.rank : cells[i]!]));
}
