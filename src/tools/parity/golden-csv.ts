import { type CsvForm, readCsvRows } from '../../exchange/csv-rows.ts';
import { OUTPUT_COLUMNS } from '../../exchange/export-recommendations.ts';
import { type ColumnKind, RECOMMENDATION_COLUMNS, type RecommendationRow } from '../../model/contract.ts';
import { UsageError } from '../../model/errors.ts';
import { parseHundredths } from '../../model/money.ts';
import { pointsOf } from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';
import type { ParityRow } from './case.ts';

/** Reads a golden CSV: rows by user, in the order of their ranks. Throws UsageError (GOLDEN_…) naming file and line. */
export async function readGoldenCsv(path: string, form: CsvForm = {}): Promise<Map<string, RecommendationRow[]>> {
  const users = new Map<string, RecommendationRow[]>();
  let columns: readonly number[] | undefined;
  for await (const { lineNo, cells } of readCsvRows(path, form)) {
    if (cells.every(cell => cell.trim() === '')) continue;
    if (columns === undefined) {
      columns = findColumns(path, cells);
      continue;
    }
    const row = parseRow(
      path,
      lineNo,
      columns.map(at => cells[at]?.trim() ?? ''),
    );
    const rows = users.get(row.userId);
    if (rows === undefined) users.set(row.userId, [row]);
    else rows.push(row);
  }
  if (users.size === 0) throw new UsageError('GOLDEN_EMPTY', `${path} has no rows. Export one, or name another file.`);
  for (const rows of users.values()) rows.sort((a, b) => a.rank - b.rank);
  return users;
}

function findColumns(path: string, header: readonly string[]): number[] {
  const names = header.map(name =>
    name
      .replace(/^\uFEFF/, '')
      .trim()
      .toLowerCase(),
  );
  const missing = OUTPUT_COLUMNS.filter(name => !names.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      'GOLDEN_HEADER',
      `${path} has no column ${missing.join(', ')}. Its first line must name the fifteen columns of an export, separated by commas or by what a line sep=; before it says.`,
    );
  }
  return OUTPUT_COLUMNS.map(name => names.indexOf(name));
}

function parseRow(path: string, lineNo: number, cells: readonly string[]): RecommendationRow {
  const row: Record<string, unknown> = {};
  for (const [i, { kind, field }] of COLUMNS.entries()) {
    const text = cells[i]!;
    const value = parseCell(kind, text);
    if (value === undefined) throw wrong(path, lineNo, i, text);
    row[field] = value;
  }
  return row as unknown as RecommendationRow;
}

const COLUMNS = RECOMMENDATION_COLUMNS.filter(({ optional }) => !optional);

/** Undefined where the text is no value of that kind. */
function parseCell(kind: ColumnKind, text: string): string | number | undefined {
  if (kind === 'money' || kind === 'points') return parseHundredths(text);
  if (kind === 'id' || kind === 'text') return text;
  const value = Number(text);
  if (kind === 'integer') return Number.isInteger(value) && value >= 1 ? value : undefined;
  return text !== '' && Number.isFinite(value) ? Math.round(value * 10_000) : undefined;
}

function wrong(path: string, lineNo: number, column: number, text: string): UsageError {
  const name = OUTPUT_COLUMNS[column];
  return new UsageError(
    'GOLDEN_INVALID',
    `${path} is wrong at line ${lineNo}, column ${name}: ${JSON.stringify(text)}. Correct it, or name another file.`,
  );
}

/** A row of card_recommendations, stored or golden, as parity compares it. */
export function parityRow(row: RecommendationRow, card = row.cardName): ParityRow {
  return {
    card,
    yearly: row.totalSavingsYearly,
    extra: row.totalExtraBenefits,
    joiningFees: row.joiningFees,
    net: row.netSavings,
    points: Object.fromEntries(CATEGORIES.map((category, c) => [category, pointsOf(row)[c]!])),
    redemptionMethod: row.redemptionMethod,
    redemptionRate: row.redemptionRate,
  };
}
