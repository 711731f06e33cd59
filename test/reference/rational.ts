/** An exact fraction. The denominator is always positive; it is not always in lowest terms. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** Beyond this a fraction is brought to lowest terms, so that its numbers do not grow without end. */
const LARGE = 10n ** 24n;

export function fraction(over: bigint, under = 1n): Fraction {
  if (under <= 0n) throw new RangeError('the denominator must be positive');
  if (under < LARGE) return { over, under };
  const divisor = commonDivisor(over < 0n ? -over : over, under);
  return { over: over / divisor, under: under / divisor };
}

export const NOTHING_APPLIED = fraction(0n);

export const plus = (a: Fraction, b: Fraction) => fraction(a.over * b.under + b.over * a.under, a.under * b.under);
export const minus = (a: Fraction, b: Fraction) => fraction(a.over * b.under - b.over * a.under, a.under * b.under);
export const times = (a: Fraction, b: Fraction) => fraction(a.over * b.over, a.under * b.under);
export const isLess = (a: Fraction, b: Fraction) => a.over * b.under < b.over * a.under;
export const isZero = (a: Fraction) => a.over === 0n;
export const smaller = (a: Fraction, b: Fraction) => (isLess(a, b) ? a : b);
export const sumOf = (values: readonly Fraction[]) => values.reduce(plus, NOTHING_APPLIED);

/** a ÷ b, for a positive b. */
export const dividedBy = (a: Fraction, b: Fraction) => fraction(a.over * b.under, a.under * b.over);

/** A number of the catalogue as the decimal that is written there; it has at most four places. */
export function decimal(value: number): Fraction {
  return fraction(BigInt(value.toFixed(4).replace('.', '')), 10_000n);
}

/** A fraction that is not negative, in whole hundredths; a tie goes up. */
export function hundredths({ over, under }: Fraction): bigint {
  const [whole, rest] = [(over * 100n) / under, (over * 100n) % under];
  return rest * 2n >= under ? whole + 1n : whole;
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
