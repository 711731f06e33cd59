import { inventUser } from '../../exchange/seed-spending.ts';
import { SPENDING_COLUMNS, type SpendingSlice } from '../../model/spending.ts';

/** How much more than usual every n-th user spends: most as invented, some five times that, some twenty-five times. */
const SCALES = [1, 1, 1, 5, 1, 1, 1, 25] as const;

export const generatedUserId = (index: number): string => inventUser(index + 1, 1).userId;

/** Invented users, the same ones each time, as a slice whose user numbers are their indexes. No amount is above `limit` (paise). */
export function generatedUsers(count: number, limit: number): SpendingSlice {
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (let i = 0; i < count; i++) {
    const scale = SCALES[i % SCALES.length]!;
    for (const [c, amount] of inventUser(i + 1, 1).amounts.entries()) {
      amounts[c * count + i] = Math.min(limit, (amount ?? 0) * scale);
    }
  }
  return { count, userNo: Int32Array.from({ length: count }, (_, i) => i), amounts };
}
