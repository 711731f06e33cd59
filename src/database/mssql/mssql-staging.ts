import { type Connection, Request, TYPES } from 'tedious';
import { STAGED_COLUMNS } from '../../model/contract.ts';
import { CARDS_PER_USER, type RecommendationSlice, valuesOf } from '../../model/recommendation.ts';
import { SPENDING_COLUMNS, SPENDING_FIELDS, type SpendingSlice } from '../../model/spending.ts';
import type { StagedSpending } from '../../model/table-rows.ts';

type ColumnType = (typeof TYPES)[keyof typeof TYPES];

interface StagingColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly length?: number;
}

/** A staging table as a bulk load names it: its columns in the table's own order, sent in the order of its key. */
export interface StagingTable {
  readonly name: string;
  readonly columns: readonly StagingColumn[];
  readonly key: readonly string[];
  /** The session's own: a table lock disturbs no one, and saves the row locks. */
  readonly isOwn?: boolean;
}

const number = (name: string, type: ColumnType, nullable = false): StagingColumn => ({ name, type, nullable });

export const STAGED_RECOMMENDATION: StagingTable = {
  name: '#staged_recommendation',
  isOwn: true,
  columns: [
    number('user_no', TYPES.Int),
    number('rank', TYPES.TinyInt),
    number('card_no', TYPES.Int),
    ...STAGED_COLUMNS.map(({ name }) => number(name, TYPES.BigInt)),
  ],
  key: ['user_no', 'rank'],
};

export const STAGED_OUTCOME: StagingTable = {
  name: '#staged_outcome',
  isOwn: true,
  columns: [
    number('user_no', TYPES.Int),
    { name: 'error_code', type: TYPES.VarChar, length: 50, nullable: true },
    { name: 'error_message', type: TYPES.VarChar, length: 400, nullable: true },
  ],
  key: ['user_no'],
};

export const STAGED_SPENDING: StagingTable = {
  name: '[cardgenius].[staged_spending]',
  columns: [
    { name: 'user_id', type: TYPES.VarChar, length: 50, nullable: false },
    number('load_no', TYPES.BigInt),
    number('line_no', TYPES.Int),
    ...SPENDING_FIELDS.map(name => number(name, TYPES.BigInt, true)),
  ],
  key: ['load_no', 'line_no'],
};

/**
 * Sends rows by INSERT BULK. A table of the session's own is locked whole; imports share one, and lock rows. The order is the key's, so that the server
 * need not sort. Rows are arrays in the order of the columns; the driver is done with one before it asks for the next.
 */
export function bulkLoad(connection: Connection, table: StagingTable, rows: Iterable<unknown[]>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const order = Object.fromEntries(table.key.map(column => [column, 'ASC' as const]));
  const load = connection.newBulkLoad(
    table.name,
    { keepNulls: true, order, lockTable: table.isOwn === true },
    (error, rowCount) => {
      if (error) reject(error);
      else resolve(rowCount ?? 0);
    },
  );
  for (const { name, type, nullable, length } of table.columns) {
    load.addColumn(name, type, { nullable, ...(length === undefined ? {} : { length }) });
  }
  connection.execBulkLoad(load, rows);
  return promise;
}

/** Runs a text as a plain batch, whose temporary tables outlive it. */
export function runBatch(connection: Connection, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.execSqlBatch(new Request(text, error => (error ? reject(error) : resolve())));
  return promise;
}

/** Ten rows for each served user; one array for all of them, because the driver writes each row at once. */
export function* recommendationRows(slices: readonly RecommendationSlice[]): Generator<unknown[]> {
  const row: unknown[] = new Array(STAGED_RECOMMENDATION.columns.length);
  for (const slice of slices) {
    const { userNo, cardNo } = slice;
    const values = valuesOf(slice);
    for (let r = 0; r < cardNo.length; r++) {
      row[0] = userNo[(r / CARDS_PER_USER) | 0];
      row[1] = (r % CARDS_PER_USER) + 1;
      row[2] = cardNo[r];
      for (let c = 0; c < values.length; c++) row[3 + c] = BigInt(values[c]![r]!);
      yield row;
    }
  }
}

/** One row for each user who failed, in the order of their numbers. */
export function* failureRows(slices: readonly RecommendationSlice[]): Generator<unknown[]> {
  for (const { failures } of slices) {
    for (const { userNo, code, message } of failures) yield [userNo, code, message];
  }
}

export function* spendingRows(loadNo: number, rows: readonly StagedSpending[]): Generator<unknown[]> {
  const load = BigInt(loadNo);
  for (const { userId, lineNo, amounts } of rows) yield [userId, load, lineNo, ...amounts];
}

/** What read_chunk answers: a user number and six amounts of whole paise a row. */
export function toSpendingSlice(rows: readonly unknown[][]): SpendingSlice {
  const count = rows.length;
  const userNo = new Int32Array(count);
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number[];
    userNo[i] = row[0]!;
    for (let c = 0; c < SPENDING_COLUMNS.length; c++) amounts[c * count + i] = row[1 + c]!;
  }
  return { count, userNo, amounts };
}
