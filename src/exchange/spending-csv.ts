import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parse } from 'fast-csv';
import { messageOf, UsageError } from '../model/errors.ts';
import type { StagedSpending } from '../model/exchange.ts';
import { formatHundredths, parseHundredths } from '../model/money.ts';
import { MAX_DECIMAL_12_2 } from '../model/recommendation.ts';
import { SPENDING_COLUMNS } from '../model/spending.ts';

const REQUIRED_COLUMNS = ['user_id', ...SPENDING_COLUMNS] as const;
const MAX_ID_LENGTH = 50;

/** A row that does not go in. */
export interface RejectedLine {
  readonly lineNo: number;
  /** As it was written; empty where there is none. */
  readonly userId: string;
  readonly reason: string;
}

export type ParsedLine = { readonly good: StagedSpending } | { readonly bad: RejectedLine };

/**
 * Reads a CSV of spends, line by line: each is a row to be staged (amounts in whole paise), or rejected with its reason.
 * Blank lines are passed over. Line numbers are the file's own, also after a quoted field that spans lines.
 *
 * Throws UsageError where the file cannot be read, has no usable header, or stops being CSV.
 */
export async function* readSpendingCsv(path: string, maxMonthlySpend: number): AsyncGenerator<ParsedLine> {
  await refuseUnreadable(path);
  const rows = createReadStream(path).pipe(parse<string[], string[]>({ headers: false, ignoreEmpty: false }));
  let columns: readonly number[] | undefined;
  let width = 0;
  let lineNo = 1;
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      const thisLine = lineNo;
      lineNo += 1 + countLineBreaks(row);
      if (row.every(field => field.trim() === '')) continue;
      if (columns === undefined) {
        columns = findColumns(path, row);
        width = row.length;
        continue;
      }
      yield parseRow(thisLine, row, columns, width, maxMonthlySpend);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      'CSV_BROKEN',
      `${path} is not CSV from line ${lineNo} on: ${messageOf(error)}. Nothing went in.`,
      {
        cause: error,
      },
    );
  }
  if (columns === undefined) throw new UsageError('CSV_HEADER', `${path} is empty. ${EXPECTED_HEADER}`);
}

/** Throws UsageError, as readSpendingCsv would with its first row, where a file cannot be an import. */
export async function checkSpendingCsv(path: string): Promise<void> {
  const lines = readSpendingCsv(path, Number.POSITIVE_INFINITY);
  await lines.next();
  await lines.return(undefined);
}

const EXPECTED_HEADER = `Its first line must name the columns ${REQUIRED_COLUMNS.join(', ')}, in any order, separated by commas, in UTF-8.`;

async function refuseUnreadable(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error) && !found.isDirectory()) return;
  const what = !(found instanceof Error)
    ? 'is a folder'
    : found.code === 'ENOENT'
      ? 'does not exist'
      : `cannot be read (${messageOf(found)})`;
  throw new UsageError('CSV_UNREADABLE', `${path} ${what}. Name a CSV file.`);
}

/** Where each required column stands in the file. */
function findColumns(path: string, header: readonly string[]): number[] {
  const names = header.map(name =>
    name
      .replace(/^\uFEFF/, '')
      .trim()
      .toLowerCase(),
  );
  const missing = REQUIRED_COLUMNS.filter(name => !names.includes(name));
  if (missing.length > 0) {
    const seen = describeForm(header.join(','));
    throw new UsageError('CSV_HEADER', `${path} ${seen ?? `has no column ${missing.join(', ')}`}. ${EXPECTED_HEADER}`);
  }
  const repeated = REQUIRED_COLUMNS.find(name => names.indexOf(name) !== names.lastIndexOf(name));
  if (repeated !== undefined) {
    throw new UsageError('CSV_HEADER', `${path} has two columns ${repeated}. ${EXPECTED_HEADER}`);
  }
  return REQUIRED_COLUMNS.map(name => names.indexOf(name));
}

/** What a spreadsheet saves as CSV where it means something else by it: the columns are plainly there, and not one is found. */
function describeForm(header: string): string | undefined {
  if (header.includes('\0')) return 'is in UTF-16';
  const names = (separator: string) =>
    header
      .toLowerCase()
      .split(separator)
      .map(name => name.trim());
  const [, word] =
    SEPARATORS.find(([separator]) => REQUIRED_COLUMNS.some(column => names(separator).includes(column))) ?? [];
  return word && `is separated by ${word}`;
}

const SEPARATORS = [
  [';', 'semicolons (;)'],
  ['\t', 'tabs'],
  ['|', 'bars (|)'],
] as const;

function parseRow(
  lineNo: number,
  row: readonly string[],
  columns: readonly number[],
  width: number,
  maxMonthlySpend: number,
): ParsedLine {
  const userId = (row[columns[0]!] ?? '').replace(/^ +| +$/g, '');
  const reject = (reason: string): ParsedLine => ({ bad: { lineNo, userId, reason } });
  if (row.length !== width) return reject(`${row.length} fields, but the header has ${width}`);

  if (userId === '') return reject('user_id is missing');
  if (userId.length > MAX_ID_LENGTH) return reject(`user_id is longer than ${MAX_ID_LENGTH} characters`);
  if (!/^[\x20-\x7e]+$/.test(userId)) return reject('user_id is not printable ASCII');

  const amounts: (number | null)[] = [];
  for (const [index, column] of SPENDING_COLUMNS.entries()) {
    const text = row[columns[index + 1]!]!.trim();
    const amount = text === '' ? null : parseHundredths(text);
    if (amount === undefined) return reject(`${column} ${describeAmountFault(text)}`);
    if (amount !== null && amount < 0) return reject(`${column} is negative: ${text}`);
    if (amount !== null && amount > Math.min(maxMonthlySpend, MAX_DECIMAL_12_2)) {
      return reject(`${column} is above the limit of ${formatHundredths(maxMonthlySpend)}: ${text}`);
    }
    amounts.push(amount);
  }
  return { good: { lineNo, userId, amounts } };
}

function describeAmountFault(text: string): string {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  if (/^-?\d+\.\d{3,}$/.test(text)) return `has more than two decimals: ${shown}`;
  return `is not a plain decimal: ${shown}`;
}

function countLineBreaks(row: readonly string[]): number {
  let breaks = 0;
  for (const field of row) {
    if (field.includes('\n') || field.includes('\r')) breaks += field.split(/\r\n|\n|\r/).length - 1;
  }
  return breaks;
}
