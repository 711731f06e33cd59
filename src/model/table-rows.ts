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

/** A user as `user_spending_data` has it. */
export interface StoredSpending extends Spending {
  readonly status: string;
  readonly error: string | null;
}
