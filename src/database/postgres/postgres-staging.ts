import { STAGED_COLUMNS } from '../../model/contract.ts';
import { CARDS_PER_USER, type RecommendationSlice, valuesOf } from '../../model/recommendation.ts';
import { SPENDING_COLUMNS, SPENDING_FIELDS, type SpendingSlice } from '../../model/spending.ts';
import type { StagedSpending } from '../../model/table-rows.ts';
import { CopyWriter, readFixedRows } from './copy-format.ts';

/** What each COPY fills: a table, and its columns in the order in which the encoders below write them. */
export const COPY_RECOMMENDATIONS = `cardgenius.staged_recommendation
  (load_no, user_no, rank, card_no, ${STAGED_COLUMNS.map(({ name }) => name).join(', ')})`;
export const COPY_OUTCOMES = 'cardgenius.staged_outcome (load_no, user_no, error_code, error_message)';
export const COPY_SPENDING = `cardgenius.staged_spending
  (load_no, line_no, user_id, ${SPENDING_FIELDS.join(', ')})`;

const INT64 = 4 + 8;
const INT32 = 4 + 4;
const INT16 = 4 + 2;
const RECOMMENDATION_BYTES = INT64 + INT32 + INT16 + INT32 + STAGED_COLUMNS.length * INT64;

export function encodeRecommendations(loadNo: number, slices: readonly RecommendationSlice[]): Uint8Array {
  const rows = slices.reduce((sum, slice) => sum + slice.cardNo.length, 0);
  const copy = new CopyWriter(rows * (2 + RECOMMENDATION_BYTES));
  for (const slice of slices) {
    const { userNo, cardNo } = slice;
    const values = valuesOf(slice);
    for (let r = 0; r < cardNo.length; r++) {
      copy.row(4 + values.length, RECOMMENDATION_BYTES);
      copy.int64(loadNo);
      copy.int32(userNo[Math.floor(r / CARDS_PER_USER)]!);
      copy.int16((r % CARDS_PER_USER) + 1);
      copy.int32(cardNo[r]!);
      for (const column of values) copy.int64(column[r]!);
    }
  }
  return copy.finish();
}

/** One row for each user who failed. */
export function encodeFailures(loadNo: number, slices: readonly RecommendationSlice[]): Uint8Array {
  const failures = slices.flatMap(slice => slice.failures);
  const copy = new CopyWriter(failures.length * (2 + INT64 + INT32 + 8));
  for (const { userNo, code, message } of failures) {
    copy.row(4, INT64 + INT32 + 8);
    copy.int64(loadNo);
    copy.int32(userNo);
    copy.text(code);
    copy.text(message);
  }
  return copy.finish();
}

export function encodeSpending(loadNo: number, rows: readonly StagedSpending[]): Uint8Array {
  const copy = new CopyWriter(rows.length * (2 + INT64 + INT32 + 24 + 6 * INT64));
  for (const { lineNo, userId, amounts } of rows) {
    copy.row(9, INT64 + INT32 + 4 + 6 * INT64);
    copy.int64(loadNo);
    copy.int32(lineNo);
    copy.text(userId);
    for (const amount of amounts) {
      if (amount === null) copy.null();
      else copy.int64(amount);
    }
  }
  return copy.finish();
}

/** What read_chunk answers through a binary COPY: user numbers and six doubles of paise. */
export function decodeSpending(bytes: Uint8Array): SpendingSlice {
  const widths = [4, ...SPENDING_COLUMNS.map(() => 8)];
  const rowBytes = 2 + widths.reduce((sum, width) => sum + 4 + width, 0);
  const count = Math.floor((bytes.length - 19) / rowBytes);
  const userNo = new Int32Array(count);
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  let i = 0;
  readFixedRows(bytes, widths, (view, at) => {
    userNo[i] = view.getInt32(at + 4);
    for (let c = 0; c < SPENDING_COLUMNS.length; c++)
      amounts[c * count + i] = view.getFloat64(at + INT32 + c * INT64 + 4);
    i++;
  });
  return { count, userNo, amounts };
}
