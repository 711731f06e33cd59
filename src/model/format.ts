/** Figures and names for people. */

/** With commas, as a whole number: 1234567 is `1,234,567`. */
export const group = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A share from 0 to 1: 0.123 is `12.3 %`. */
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;

/** A part as a share of a whole; `-` where the whole is 0. */
export const percentOf = (part: number, whole: number, digits = 1): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(digits)} %`;

/** A name by which two spellings are found to be one: one Unicode form, no invisible signs, lower case, single blanks. */
export const foldName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ');

/** `1 error`, `2 errors`. */
export const counted = (value: number, noun: string): string => `${group(value)} ${noun}${value === 1 ? '' : 's'}`;
