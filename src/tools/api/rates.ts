/** Rates as cards have them ("4 points for every ₹150"), found from what was measured. */
import type { EarnRate } from '../../engine/catalog-schema.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const EVERYTHING: Interval = { low: 0, high: Number.POSITIVE_INFINITY };
export const isEmpty = ({ low, high }: Interval): boolean => low > high;
export const meet = (a: Interval, b: Interval): Interval => ({
  low: Math.max(a.low, b.low),
  high: Math.min(a.high, b.high),
});

/** The denominators that Indian cards use, the usual ones first. */
const PER = [100, 150, 200, 250, 125, 700, 50, 300, 400, 500, 1_000, 75, 60, 40, 30, 25, 20, 10, 350, 750, 600, 800];
/** Quarters of a point; a hundredth for each ₹100, as cashback has them. */
const stepOf = (per: number) => (per === 100 ? 0.05 : 0.25);

export const unitsPerRupee = ({ points, per }: EarnRate): number => points / per;

/**
 * The rate within an interval that a card could have; undefined where none or several distinct ones lie in it (then a larger spend
 * decides).
 */
export function chooseRate(interval: Interval): EarnRate | undefined {
  if (isEmpty(interval)) return undefined;
  if (interval.low <= 0) return interval.high < 1e-4 ? { points: 0, per: 100 } : undefined;
  const found: EarnRate[] = [];
  for (const per of PER) {
    const step = stepOf(per);
    const first = Math.ceil((interval.low * per) / step - 1e-9);
    const last = Math.floor((interval.high * per) / step + 1e-9);
    if (last - first > 2) return undefined;
    for (let n = first; n <= last; n++) found.push({ points: Math.round(n * step * 10_000) / 10_000, per });
  }
  const whole = found.filter(({ points }) => Number.isInteger(points));
  for (const plausible of [whole, found]) {
    if (plausible.length === 0) continue;
    const value = unitsPerRupee(plausible[0]!);
    return plausible.every(rate => Math.abs(unitsPerRupee(rate) - value) < 1e-12) ? plausible[0] : undefined;
  }
  return simplestFraction(interval);
}

/** The fraction of the smallest denominator in an interval that is narrow enough to leave no other of its size. */
function simplestFraction({ low, high }: Interval): EarnRate | undefined {
  let [a, b, c, d] = [0, 1, 1, 0]; // a/b < interval < c/d
  for (let steps = 0; steps < 10_000; steps++) {
    const [p, q] = [a + c, b + d];
    if (q > 100_000) return undefined;
    if (p / q < low) [a, b] = [p, q];
    else if (p / q > high) [c, d] = [p, q];
    else return (high - low) * q * 1_000 < 1 ? { points: p, per: q } : undefined;
  }
  return undefined;
}
