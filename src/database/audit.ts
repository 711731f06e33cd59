/** What checks the database and drives users again: `verify`, `errors`, `retry`, `redo`. */
export interface AuditDatabase {
  /** A row a check, in a fixed order, also for those that hold. */
  verifyDatabase(): Promise<CheckResult[]>;
  /** The next failed users after a user id (null: from the start); empty at the end. */
  listFailures(afterUserId: string | null, users: number): Promise<FailedUser[]>;
  /** Puts failed users that match every filter back to new. How many. */
  retryUsers(filter: RetryFilter): Promise<number>;
  /** Puts completed users that match every filter back to new, or only counts them. How many. */
  redoUsers(filter: RedoFilter, apply: boolean): Promise<number>;
}

export interface CheckResult {
  readonly check: string;
  /** `warn` is worth a look, and no fault of ours. */
  readonly severity: 'fail' | 'warn';
  readonly violations: number;
  /** One of them: a user id, a run, a load. */
  readonly sample: string | null;
}

export interface FailedUser {
  readonly userId: string;
  readonly code: string | null;
  readonly error: string;
}

export interface RetryFilter {
  readonly runId: number | null;
  readonly userId: string | null;
  readonly code: string | null;
}

/** Null leaves a filter out; both null are all completed users. */
export interface RedoFilter {
  /** Who has this card among their ten. */
  readonly cardName: string | null;
  /** Who was computed before; also of whom nothing is remembered any more. */
  readonly olderThan: Date | null;
}

export interface CheckRow {
  readonly check_name: string;
  readonly severity: 'fail' | 'warn';
  readonly violations: number;
  readonly sample: string | null;
}

export function toCheckResult({ check_name, severity, violations, sample }: CheckRow): CheckResult {
  return { check: check_name, severity, violations, sample: violations > 0 ? sample : null };
}

export interface FailureRow {
  readonly user_id: string;
  readonly code: string | null;
  readonly processing_error: string | null;
}

export function toFailedUser({ user_id, code, processing_error }: FailureRow): FailedUser {
  return { userId: user_id, code, error: processing_error ?? '' };
}
