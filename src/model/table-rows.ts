/**
 * What goes in and out by CSV.
 */
import type { Spending } from './spending.ts';

/** A row of an import, with its line in the file so that a reject can be found. */
export interface StagedSpending extends Spending {
  readonly lineNo: number;
}

/** The second or later row of an id in an import. */
export interface DuplicateLine {
  readonly lineNo: number;
  readonly userId: string;
  readonly firstLineNo: number;
}

/** One row of card_recommendations, integers throughout: paise, hundredths of points, ten-thousandths of a rupee. */
export interface RecommendationRow {
  readonly userId: string;
  readonly rank: number;
  readonly cardName: string;
  readonly totalSavingsYearly: number;
  readonly joiningFees: number;
  readonly totalExtraBenefits: number;
  readonly netSavings: number;
  /** Six, in the order of CATEGORIES. */
  readonly points: readonly number[];
  readonly redemptionMethod: string;
  readonly redemptionRate: number;
  /** The optional columns: null where the table or the row has none. */
  readonly cardId?: string | null;
  readonly batchId?: string | null;
  readonly processedAt?: Date | null;
  readonly createdAt?: Date | null;
  readonly updatedAt?: Date | null;
}

/** A user as `user_spending_data` has it. */
export interface StoredSpending extends Spending {
  readonly status: string;
  readonly error: string | null;
}
