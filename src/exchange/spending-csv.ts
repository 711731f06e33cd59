import { distance } from '../model/distance.ts';
import { UsageError } from '../model/errors.ts';
import { formatHundredths, parseHundredths } from '../model/money.ts';
import { MAX_DECIMAL_12_2 } from '../model/recommendation.ts';
import { SPENDING_COLUMNS } from '../model/spending.ts';
import type { StagedSpending } from '../model/table-rows.ts';
import { type CsvForm, readCsvRows } from './csv-rows.ts';
import { nameOf } from './streams.ts';

const REQUIRED_COLUMNS = ['user_id', ...SPENDING_COLUMNS] as const;
const MAX_ID_LENGTH = 50;

/** A row that does not go in. */
export interface RejectedLine {
  readonly lineNo: number;
  /** As it was written; empty where there is none. */
  readonly userId: string;
  readonly reason: string;
  /** Its fields, where they are still known. */
  readonly row?: readonly string[];
}

export type ParsedLine = { readonly good: StagedSpending } | { readonly bad: RejectedLine };

/** A CSV of spends whose header has been read: a pipe can be read once, and is refused before anything is made for it. */
export interface OpenedSpendingCsv {
  readonly path: string;
  /** Each row, to be staged (amounts in whole paise) or rejected with its reason. Blank lines are passed over. */
  readonly lines: AsyncGenerator<ParsedLine>;
}

/**
 * Opens a CSV of spends: a file, `-` for stdin, or a FIFO. Line numbers are the file's own, also after a quoted field that spans
 * lines. Throws UsageError where it cannot be read or has no usable header, and while its lines are read where it stops being CSV.
 */
export async function openSpendingCsv(
  path: string,
  maxMonthlySpend: number,
  form: CsvForm = {},
): Promise<OpenedSpendingCsv> {
  const rows = readCsvRows(path, form);
  let columns: readonly number[] | undefined;
  let width = 0;
  while (columns === undefined) {
    const next = await rows.next();
    if (next.done === true) break;
    const { cells } = next.value;
    if (isBlank(cells)) continue;
    try {
      columns = findColumns(path, cells);
    } catch (error) {
      await rows.return(undefined);
      throw error;
    }
    width = cells.length;
  }
  if (columns === undefined) throw new UsageError('CSV_HEADER', `${nameOf(path)} is empty. ${EXPECTED_HEADER}`);
  const found = columns;
  async function* lines(): AsyncGenerator<ParsedLine> {
    for await (const { lineNo, cells } of rows) {
      if (!isBlank(cells)) yield parseRow(lineNo, cells, found, width, maxMonthlySpend);
    }
  }
  return { path, lines: lines() };
}

/** The lines alone, for a caller that does one thing with them. Throws as openSpendingCsv does. */
export async function* readSpendingCsv(
  path: string,
  maxMonthlySpend: number,
  form: CsvForm = {},
): AsyncGenerator<ParsedLine> {
  yield* (await openSpendingCsv(path, maxMonthlySpend, form)).lines;
}

const isBlank = (row: readonly string[]): boolean => row.every(field => field.trim() === '');

const EXPECTED_HEADER = `Its first line must name the columns ${REQUIRED_COLUMNS.join(', ')}, in any order, separated by commas, in UTF-8.`;

/** Where each required column stands in the file. */
function findColumns(path: string, header: readonly string[]): number[] {
  const written = header.map(name => name.replace(/^\uFEFF/, '').trim());
  const names = written.map(name => name.toLowerCase());
  const missing = REQUIRED_COLUMNS.filter(name => !names.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      'CSV_HEADER',
      `${nameOf(path)} ${describeForm(header.join(',')) ?? describeMissing(missing, written)}. ${renamesOf(missing, written)}${EXPECTED_HEADER}`,
    );
  }
  const repeated = REQUIRED_COLUMNS.find(name => names.indexOf(name) !== names.lastIndexOf(name));
  if (repeated !== undefined) {
    throw new UsageError('CSV_HEADER', `${nameOf(path)} has two columns ${repeated}. ${EXPECTED_HEADER}`);
  }
  return REQUIRED_COLUMNS.map(name => names.indexOf(name));
}

/** A first line of numbers is a row: the file has no header. */
function describeMissing(missing: readonly string[], written: readonly string[]): string {
  if (written.filter(name => /^[+-]?\d[\d.,]*$/.test(name)).length >= written.length / 2) {
    return `has no header: its first line looks like a row (${written.slice(0, 3).join(', ')} …)`;
  }
  if (missing.length === REQUIRED_COLUMNS.length) return 'has none of the columns';
  return `has no column ${missing.join(', ')}`;
}

/** The columns whose names are nearly right: `user id` for user_id. Empty, or a sentence with a blank behind it. */
function renamesOf(missing: readonly string[], written: readonly string[]): string {
  const renames = missing.flatMap(name => {
    const meant = written.find(other => distance(other.toLowerCase().replace(/[^a-z0-9]+/g, '_'), name) <= 2);
    return meant === undefined ? [] : [`"${meant}" to ${name}`];
  });
  return renames.length === 0 ? '' : `Rename ${renames.join(', ')}. `;
}

/** What a spreadsheet saves as CSV where it means something else by it: the columns are plainly there, or as many as there should be. */
function describeForm(header: string): string | undefined {
  const names = (separator: string) =>
    header
      .toLowerCase()
      .split(separator)
      .map(name => name.trim());
  const [, word] =
    SEPARATORS.find(([separator]) => REQUIRED_COLUMNS.some(column => names(separator).includes(column))) ??
    SEPARATORS.find(([separator]) => names(separator).length >= REQUIRED_COLUMNS.length) ??
    [];
  return word && `is separated by ${word}`;
}

const SEPARATORS = [
  [';', "semicolons: say so with --delimiter ';'"],
  ['\t', 'tabs: say so with --delimiter tab'],
  ['|', "bars: say so with --delimiter '|'"],
] as const;

function parseRow(
  lineNo: number,
  row: readonly string[],
  columns: readonly number[],
  width: number,
  maxMonthlySpend: number,
): ParsedLine {
  const userId = (row[columns[0]!] ?? '').replace(/^ +| +$/g, '');
  const reject = (reason: string): ParsedLine => ({ bad: { lineNo, userId, reason, row } });
  if (row.length !== width) {
    const hint = row.length > width ? '; an amount with commas stands in quotes, or without its commas' : '';
    return reject(`${row.length} fields, but the header has ${width}${hint}`);
  }

  if (userId === '') return reject('user_id is missing');
  if (userId.length > MAX_ID_LENGTH) return reject(`user_id is longer than ${MAX_ID_LENGTH} characters`);
  if (/^\d(?:[.,]\d+)?E\+\d+$/i.test(userId)) {
    return reject(
      'user_id is a number that a spreadsheet has shortened: make the column text there, and save the file anew',
    );
  }
  if (!/^[\x20-\x7e]+$/.test(userId)) return reject('user_id is not printable ASCII');

  const amounts: (number | null)[] = [];
  for (const [index, column] of SPENDING_COLUMNS.entries()) {
    const text = row[columns[index + 1]!]!.trim();
    const amount = text === '' ? null : parseHundredths(text);
    if (amount === undefined) return reject(`${column} ${describeAmountFault(text, maxMonthlySpend)}`);
    if (amount !== null && amount < 0) return reject(`${column} is negative: ${text}`);
    if (amount !== null && amount > Math.min(maxMonthlySpend, MAX_DECIMAL_12_2)) {
      return reject(`${column} is above the limit of ${formatHundredths(maxMonthlySpend)}: ${text}`);
    }
    amounts.push(amount);
  }
  return { good: { lineNo, userId, amounts } };
}

/** The same of a user who comes from no file: the id, and the six amounts in rupees as text. */
export const parseSpends = (
  lineNo: number,
  userId: string,
  amounts: readonly string[],
  maxMonthlySpend: number,
): ParsedLine => parseRow(lineNo, [userId, ...amounts], [0, 1, 2, 3, 4, 5, 6], 7, maxMonthlySpend);

/** `1234,5`, `1.234,50`: as a spreadsheet of a country with decimal commas writes an amount. `1,234` may be a thousand. */
const DECIMAL_COMMA = /^-?\d{1,3}(\.\d{3})*,\d{1,2}$|^-?\d+,\d{1,2}$/;

/** Why a text is no amount. */
export function describeAmountFault(text: string, maxMonthlySpend: number): string {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  if (DECIMAL_COMMA.test(text)) {
    return `has a decimal comma: ${shown}; amounts have a decimal point (1234.50), so save the file with points`;
  }
  if (/^-?\d+\.\d{3,}$/.test(text)) return `has more than two decimals: ${shown}`;
  if (/^\d+(\.\d+)?$/.test(text)) return `is above the limit of ${formatHundredths(maxMonthlySpend)}: ${shown}`;
  if (/^-?\d+(\.\d+)?e[+-]?\d+$/i.test(text)) return `is shortened with an exponent: ${shown}; write it out`;
  if (/^(null|nil|none|n\/?a|nan|-+)$/i.test(text)) return `is no amount: ${shown}; leave it empty where there is none`;
  return `is not a plain decimal: ${shown}`;
}
