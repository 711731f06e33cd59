import type { Category } from '../../model/spending.ts';

/** A card of one user as somebody says it is: money in paise, points in hundredths, rates in ten-thousandths. */
export interface ParityRow {
  /** Our name for the card. */
  readonly card: string;
  readonly yearly: number;
  readonly extra: number;
  readonly joiningFees: number;
  readonly net: number;
  /** Points a month by category; what the source does not say is left out. */
  readonly points: Readonly<Partial<Record<Category, number>>>;
  readonly redemptionMethod?: string | undefined;
  readonly redemptionRate?: number | undefined;
  /** A cap that the source says it applied, by category, in hundredths of points. */
  readonly maxCaps?: Readonly<Partial<Record<Category, number>>>;
}

/** One user: our ten, and what the source of truth says, both best first. */
export interface ParityCase {
  readonly userId: string;
  readonly ours: readonly ParityRow[];
  /** Ten of a golden file; every card that could be matched of an answer of the API. */
  readonly theirs: readonly ParityRow[];
  /** The six spends that ours were computed with, paise; undefined where ours were stored. */
  readonly spends: readonly number[] | undefined;
  /** Cards of the source that are not ours, as it names them. */
  readonly unknownCards: readonly string[];
}
