/**
 * What every answer of an engine of one's own is checked for before it is staged. Each check gives a sentence that says which
 * row and column is wrong, or undefined.
 */
import { STAGED_COLUMNS } from '../../model/contract.ts';
import { nearestOf } from '../../model/distance.ts';
import {
  CARDS_PER_USER,
  MAX_DECIMAL_12_2,
  type RecommendationSlice,
  type RunCard,
  valuesOf,
} from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';
import type { EngineRow } from './define-engine.ts';

/** A row with its card found: paise, hundredths of points. */
export interface CheckedRow {
  readonly cardNo: number;
  /** In the order of STAGED_COLUMNS. */
  readonly values: readonly number[];
}

export interface AnswerRules {
  readonly cards: readonly RunCard[];
  readonly ranking: 'net' | 'own';
}

/** A row as the engine answered it, unchecked. */
type Raw = Readonly<Record<string, unknown>>;

/** What an engine of one's own calls the columns of STAGED_COLUMNS: its author knows no other names. */
const FIELDS = ['yearly', 'extra', ...CATEGORIES.map(category => `points.${category}`)];
const ROW_KEYS = ['card', 'yearly', 'extra', 'points', 'net', 'rank'];

/** The ten rows of a user, or a sentence that says what is wrong with them. */
export function checkRows(
  answer: readonly EngineRow[],
  rules: AnswerRules,
  numbers: ReadonlyMap<string, number>,
): CheckedRow[] | string {
  if (!Array.isArray(answer)) return `the answer is not a list of rows but ${show(answer)}`;
  if (answer.length !== CARDS_PER_USER) return `the answer has ${count(answer.length)}; it must have exactly ten`;
  const rows: CheckedRow[] = [];
  for (const [place, raw] of answer.entries()) {
    const row = raw as unknown as Raw | null;
    if (typeof row !== 'object' || row === null) return `row ${place + 1} is not an object but ${show(row)}`;
    const cardNo = numbers.get(row.card as string);
    if (row.card === undefined) return `row ${place + 1} has no card${meant(row, 'card', ROW_KEYS)}`;
    if (cardNo === undefined) return `row ${place + 1} names the card ${show(row.card)}, which is not declared`;
    if (row.rank !== undefined && row.rank !== place + 1) return `row ${place + 1} says rank ${show(row.rank)}`;
    const points = row.points as Raw | undefined;
    const where = `row ${place + 1} (${row.card})`;
    if (typeof points !== 'object' || points === null) return `${where} has no points${meant(row, 'points', ROW_KEYS)}`;
    const checked = {
      cardNo,
      values: [row.yearly, row.extra, ...CATEGORIES.map(category => points[category])] as number[],
    };
    const absent = checked.values.indexOf(undefined as never);
    if (absent >= 0) {
      const hint =
        absent < 2 ? meant(row, FIELDS[absent]!, ROW_KEYS) : meant(points, CATEGORIES[absent - 2]!, CATEGORIES);
      return `${where} has no ${FIELDS[absent]}${hint}`;
    }
    const fault = checkRow(checked, place, rows, rules);
    if (fault !== undefined) return fault;
    const net = netOf(checked, rules);
    if (row.net !== undefined && row.net !== net) {
      return `${where} says net ${show(row.net)}, but yearly + extra - joiningFees is ${net}`;
    }
    rows.push(checked);
  }
  return rows;
}

/** The same for ten rows of a slice of columns, from row `at`. */
export function checkSliceRows(slice: RecommendationSlice, at: number, rules: AnswerRules): CheckedRow[] | string {
  const rows: CheckedRow[] = [];
  const values = valuesOf(slice);
  for (let place = 0; place < CARDS_PER_USER; place++) {
    const row = {
      cardNo: slice.cardNo[at + place]!,
      values: values.map(column => column[at + place]!),
    };
    if (rules.cards[row.cardNo] === undefined) return `row ${place + 1} has card number ${row.cardNo}: not declared`;
    const fault = checkRow(row, place, rows, rules);
    if (fault !== undefined) return fault;
    rows.push(row);
  }
  return rows;
}

function checkRow(row: CheckedRow, place: number, above: readonly CheckedRow[], rules: AnswerRules) {
  const { name } = rules.cards[row.cardNo]!;
  const where = `row ${place + 1} (${name})`;
  const twin = above.findIndex(({ cardNo }) => cardNo === row.cardNo);
  if (twin >= 0) return `the card ${name} stands in row ${twin + 1} and in row ${place + 1}`;
  const fault = FIELDS.map((field, c) => checkAmount(row.values[c], field, STAGED_COLUMNS[c]!.kind === 'money')).find(
    Boolean,
  );
  if (fault !== undefined) return `${where}: ${fault}`;
  const net = netOf(row, rules);
  if (Math.abs(net) > MAX_DECIMAL_12_2)
    return `${where}: yearly + extra - joiningFees is ${net}: it does not fit DECIMAL(12,2)`;
  if (rules.ranking === 'net' && place > 0 && netOf(above[place - 1]!, rules) < net) {
    return `${where} has a higher net (yearly + extra - joiningFees) than row ${place}: rows come best first`;
  }
  return undefined;
}

function checkAmount(value: unknown, field: string, isMoney: boolean): string | undefined {
  if (typeof value !== 'number') return `${field} is ${show(value)}, not a number`;
  if (Number.isNaN(value)) return `${field} is NaN`;
  if (!Number.isFinite(value)) return `${field} is not finite`;
  if (Math.abs(value) > MAX_DECIMAL_12_2) return `${field} ${value} does not fit DECIMAL(12,2)`;
  if (!Number.isInteger(value)) return `${field} ${value} is not in whole ${isMoney ? 'paise' : 'hundredths'}`;
  if (value < 0) return `${field} ${value} is negative`;
  return undefined;
}

/** The keys that an object has in place of the one that is missing: the one that was probably meant for it, else all unknown ones. */
export function meant(found: object, missing: string, known: readonly string[]): string {
  const unknown = Object.keys(found).filter(key => !known.includes(key));
  const near = nearestOf(missing, unknown);
  if (near !== undefined) return `, but ${near}: did you mean ${missing}?`;
  return unknown.length === 0 ? '' : `; what it has beside is ${unknown.slice(0, 5).join(', ')}`;
}

function netOf({ cardNo, values: [yearly, extra] }: CheckedRow, { cards }: AnswerRules): number {
  return yearly! + extra! - cards[cardNo]!.joiningFees;
}

const count = (rows: number) => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}
