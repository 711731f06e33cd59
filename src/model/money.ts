/**
 * Money is whole paise (and points are whole hundredths): integers that happen to live in doubles.
 * Nothing here ever goes through a binary fraction.
 */

/** Whole hundredths as a plain decimal with two places: 123405 is `1234.05`. */
export function formatHundredths(hundredths: number): string {
  const digits = Math.abs(hundredths).toFixed(0).padStart(3, '0');
  return `${hundredths < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Ten-thousandths as a plain decimal with four places: 2500 is `0.2500`. */
export function formatTenThousandths(value: number): string {
  const digits = Math.abs(value).toFixed(0).padStart(5, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** Whole paise as rupees for people, with Indian grouping: 12345678 is `₹1,23,456.78`. */
export function formatRupees(paise: number): string {
  return `${paise < 0 ? '-' : ''}₹${groupHundredths(Math.abs(paise))}`;
}

/** Whole hundredths, not negative, for people, with Indian grouping: 12345678 is `1,23,456.78`. */
export const groupHundredths = (hundredths: number): string => groupDecimal(formatHundredths(hundredths));

/** A plain decimal with places, not negative, for people, with Indian grouping: `12345678.9012` is `1,23,45,678.9012`. */
export function groupDecimal(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return `${groupIndian(whole)}.${fraction}`;
}

function groupIndian(whole: string): string {
  if (whole.length <= 3) return whole;
  const head = whole.slice(0, -3).replace(/\B(?=(\d\d)+$)/g, ',');
  return `${head},${whole.slice(-3)}`;
}

/**
 * A plain decimal with at most two places as whole hundredths, or undefined where the text is anything else
 * (grouping, an exponent, a currency sign, more places, more digits than a double holds exactly).
 */
export function parseHundredths(text: string): number | undefined {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '0', fraction = ''] = match;
  const value = Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  return sign === '-' && value !== 0 ? -value : value;
}
