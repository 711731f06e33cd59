import type { Category } from '../../model/spending.ts';

/** A card of one user as one side says it is: money in paise, points in hundredths, rates in ten-thousandths. */
export interface ParityRow {
  /** Our name for the card. */
  readonly card: string;
  readonly yearly: number;
  readonly extra: number;
  readonly joiningFees: number;
  readonly net: number;
  /** Points a month by category; what the source does not say is left out. */
  readonly points: Readonly<Partial<Record<Category, number>>>;
  /** Rupees a month, in paise, of a category that earns rupees and no points. */
  readonly rupees?: Readonly<Partial<Record<Category, number>>> | undefined;
  readonly redemptionMethod?: string | undefined;
  readonly redemptionRate?: number | undefined;
  /** Rupees for one point as the source computes with it, with all its decimals. */
  readonly exactRate?: number | undefined;
}

/** One user: what stands on our side, and what the source of truth says. */
export interface ParityCase {
  readonly userId: string;
  /** Cards of ours that can be compared: all that we know, or the ten alone where no more is stored. */
  readonly ours: readonly ParityRow[];
  /** Ours that are offered, best first: ten names. */
  readonly ourTen: readonly string[];
  /** Cards of the source that we know. */
  readonly theirs: readonly ParityRow[];
  /** The source's ten, best first, over the cards that may be offered; those that we do not know have the source's name. */
  readonly theirTen: readonly string[];
  /** The source's ten over all its cards, whether we offer them or not. */
  readonly theirTenOfAll: readonly string[];
  /** The six spends that ours were computed with, paise; undefined where they are not known. */
  readonly spends: readonly number[] | undefined;
  /** Cards of the source that we do not know, as it names them. */
  readonly unknownCards: readonly string[];
  /** Cards of the source that we know and do not offer, under our names. */
  readonly notOffered: readonly string[];
  /** Cards of the source that cannot be compared for this user, and why: they cost themselves only. */
  readonly unusable: readonly { readonly card: string; readonly why: string }[];
  /** Whether the source computed with spends beyond the four keys. */
  readonly otherKeys: boolean;
}

/** A user who could not be compared, and why; counted, and told. */
export interface LeftOut {
  readonly userId: string;
  readonly leftOut: string;
}
