/**
 * What a user spends, and how a slice of users travels through the program.
 *
 * Amounts are monthly averages in whole paise, held in doubles (exact: DECIMAL(12,2) needs 10^12, a double holds 2^53).
 */
import { USER_COLUMNS } from './contract.ts';

/** The six spends that cards earn on, in the order that every tie-break and every column follows. */
export const CATEGORIES = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery', 'otherOnline'] as const;
export type Category = (typeof CATEGORIES)[number];

/** The six amount columns of `user_spending_data`, in the order in which they are checked. */
export const SPENDING_COLUMNS: readonly string[] = USER_COLUMNS.filter(({ kind }) => kind === 'money').map(
  ({ name }) => name,
);

/** The short names of SPENDING_COLUMNS, in staging and in the answers of the procedures. */
export const SPENDING_FIELDS = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery', 'confirmed'] as const;

/** One user's row as it stands in `user_spending_data`: paise, in the order of SPENDING_COLUMNS; null is NULL. */
export interface Spending {
  readonly userId: string;
  readonly amounts: readonly (number | null)[];
}

/**
 * A slice of users, column by column.
 *
 * `amounts` holds six columns one after the other (column-major): the amount of user `i` in SPENDING_COLUMNS[c] is
 * `amounts[c * count + i]`, in paise. NULL has become 0; NaN stands for a value that is not a number.
 */
export interface SpendingSlice {
  readonly count: number;
  /** The user's number within its chunk, ascending. */
  readonly userNo: Int32Array;
  readonly amounts: Float64Array;
}
