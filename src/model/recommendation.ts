/**
 * What the engine answers, and how it travels to staging.
 */
import { POINT_COLUMNS, RECOMMENDATION_COLUMNS, type RecommendationRow, STAGED_COLUMNS } from './contract.ts';

/** How many cards every user gets, exactly. */
export const CARDS_PER_USER = 10;

/** The largest amount that DECIMAL(12,2) holds, in paise (or hundredths of a point). */
export const MAX_DECIMAL_12_2 = 999_999_999_999;

/** A card as a run records it: what the rows of `card_recommendations` repeat for each user. */
export interface RunCard {
  /** Its number in this run, from 0, in the order of the engine's declaration. */
  readonly cardNo: number;
  /** What the engine knows the card by, at most 100 characters: `card_id`. Without one it is the name. */
  readonly id?: string;
  readonly name: string;
  /** Whole paise. */
  readonly joiningFees: number;
  /** `Vouchers`, `Cashback` or `None` for the built-in engine. */
  readonly redemptionMethod: string;
  /** Rupees for one point, in ten-thousandths (0.25 is 2500). */
  readonly redemptionRate: number;
  /** The engine's own description, kept so that last month's figures can still be explained; JSON. */
  readonly definition?: string;
}

/** A user that the engine could not serve, and why. */
export interface UserFailure {
  readonly userNo: number;
  /** Stable and upper-case: INVALID_SPENDING, RESULT_OUT_OF_RANGE, ENGINE_FAILED, ... */
  readonly code: string;
  readonly message: string;
}

/**
 * The answer for a slice, column by column: ten rows for each user that was served, best card first.
 *
 * Row `r` belongs to `userNo[floor(r / 10)]` and has rank `r % 10 + 1`.
 * Money in whole paise, points in whole hundredths: integers in doubles. `net_savings` is not carried: it is
 * `yearly + extra - joining fees` on every row, and the database adds it up.
 */
export interface RecommendationSlice {
  /** The served users' numbers; ten rows each. */
  readonly userNo: Int32Array;
  readonly cardNo: Int32Array;
  /** total_savings_yearly, paise. */
  readonly yearly: Float64Array;
  /** total_extra_benefits, paise. */
  readonly extra: Float64Array;
  /** Six columns of points a month, one after the other: `points[c * rows + r]`, hundredths. */
  readonly points: Float64Array;
  readonly failures: readonly UserFailure[];
}

/** The values of a slice, an array for each of STAGED_COLUMNS: `valuesOf(slice)[column][row]`. */
export function valuesOf({ cardNo, yearly, extra, points }: RecommendationSlice): readonly Float64Array[] {
  const rows = cardNo.length;
  return [yearly, extra, ...POINT_COLUMNS.map((_, c) => points.subarray(c * rows, (c + 1) * rows))];
}

/** A slice of rows that each have a card and a value for each of STAGED_COLUMNS: the inverse of `valuesOf`. */
export function sliceOf(
  userNo: readonly number[],
  rows: readonly { readonly cardNo: number; readonly values: readonly number[] }[],
  failures: readonly UserFailure[],
): RecommendationSlice {
  const points = new Float64Array(rows.length * POINT_COLUMNS.length);
  rows.forEach(({ values }, r) => {
    for (let c = 0; c < POINT_COLUMNS.length; c++) points[c * rows.length + r] = values[2 + c]!;
  });
  return {
    userNo: Int32Array.from(userNo),
    cardNo: Int32Array.from(rows, row => row.cardNo),
    yearly: Float64Array.from(rows, ({ values }) => values[0]!),
    extra: Float64Array.from(rows, ({ values }) => values[1]!),
    points,
    failures,
  };
}

/** The rows of a slice's first user as card_recommendations would have them, best card first. */
export function rowsOfFirstUser(
  userId: string,
  cards: readonly RunCard[],
  slice: RecommendationSlice,
): RecommendationRow[] {
  const values = valuesOf(slice);
  return Array.from({ length: CARDS_PER_USER }, (_, r) => {
    const { name: cardName, ...card } = cards[slice.cardNo[r]!]!;
    const known: Record<string, unknown> = { ...card, userId, rank: r + 1, cardName };
    STAGED_COLUMNS.forEach(({ field }, c) => {
      known[field] = values[c]![r]!;
    });
    known.netSavings = values[0]![r]! + values[1]![r]! - card.joiningFees;
    const columns = RECOMMENDATION_COLUMNS.filter(({ optional }) => !optional);
    return Object.fromEntries(columns.map(({ field }) => [field, known[field]])) as unknown as RecommendationRow;
  });
}

/** The points of a row, in the order of CATEGORIES. */
export const pointsOf = (row: RecommendationRow): number[] =>
  POINT_COLUMNS.map(({ field }) => row[field as keyof RecommendationRow] as number);
