/**
 * What the engine answers, and how it travels to staging.
 */

/** Every user gets exactly this many cards. */
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
