import { formatRow, OUTPUT_COLUMNS } from '../exchange/export-recommendations.ts';
import { formatRupees, formatTenThousandths } from '../model/money.ts';
import { CARDS_PER_USER, type RecommendationSlice, type RunCard } from '../model/recommendation.ts';
import { CATEGORIES } from '../model/spending.ts';
import type { RecommendationRow } from '../model/table-rows.ts';

/** The ten rows of the first user of a slice, as card_recommendations would have them. */
export function rowsOfFirstUser(
  userId: string,
  cards: readonly RunCard[],
  slice: RecommendationSlice,
): RecommendationRow[] {
  const rows = slice.cardNo.length;
  return Array.from({ length: CARDS_PER_USER }, (_, r) => {
    const card = cards[slice.cardNo[r]!]!;
    return {
      userId,
      rank: r + 1,
      cardName: card.name,
      totalSavingsYearly: slice.yearly[r]!,
      joiningFees: card.joiningFees,
      totalExtraBenefits: slice.extra[r]!,
      netSavings: slice.yearly[r]! + slice.extra[r]! - card.joiningFees,
      points: CATEGORIES.map((_category, c) => slice.points[c * rows + r]!),
      redemptionMethod: card.redemptionMethod,
      redemptionRate: card.redemptionRate,
    };
  });
}

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
  const widths = header.map((name, i) => Math.max(name.length, ...body.map(cells => cells[i]!.length)));
  const isNumber = (i: number) => i === 0 || (i >= 2 && i <= 5);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** A row under the PRD's column names, amounts as decimal text: what --json prints. */
export function namedRow(row: RecommendationRow): Record<string, string | number> {
  const cells = formatRow(row);
  return Object.fromEntries(OUTPUT_COLUMNS.map((name, i) => [name, name === 'rank' ? row.rank : cells[i]!]));
}
