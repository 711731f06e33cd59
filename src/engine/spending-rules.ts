import { formatHundredths } from '../model/money.ts';
import { CATEGORIES, SPENDING_COLUMNS, type SpendingSlice } from '../model/spending.ts';

/** How much an amount of a month may be, in paise: ₹1 crore. */
export const DEFAULT_MAX_MONTHLY_SPEND = 1_000_000_000;

/**
 * Why a user's spends cannot be believed, naming the first bad column; undefined where they can. `import` refuses such rows: they come from
 * CashKaro's own writes to the table.
 */
export function invalidSpending({ amounts, count }: SpendingSlice, user: number, limit: number): string | undefined {
  for (let c = 0; c < SPENDING_COLUMNS.length; c++) {
    const amount = amounts[c * count + user]!;
    if (amount >= 0 && amount <= limit) continue;
    const column = SPENDING_COLUMNS[c]!;
    if (Number.isNaN(amount)) return `${column} is not a number`;
    if (amount < 0) return `${column} is negative: ${formatHundredths(amount)}`;
    return `${column} is above the limit of ${formatHundredths(limit)}: ${formatHundredths(amount)}`;
  }
  return undefined;
}

/** The six spends of a user in paise, into `spends`; what is confirmed beyond the five is otherOnline. Returns their sum. */
export function deriveSpends({ amounts, count }: SpendingSlice, user: number, spends: Float64Array): number {
  const last = CATEGORIES.length - 1;
  let five = 0;
  for (let c = 0; c < last; c++) {
    const amount = amounts[c * count + user]!;
    spends[c] = amount;
    five += amount;
  }
  const other = Math.max(0, amounts[last * count + user]! - five);
  spends[last] = other;
  return five + other;
}
