/** What checks the database and drives users again: `verify`, `errors`, `retry`, `redo`. */
export interface AuditDatabase {
  /** A row a check, in a fixed order, also for those that hold; and at most so many of what breaks each (default: none). */
  verifyDatabase(most?: number): Promise<Verification>;
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

export interface Verification {
  readonly checks: readonly CheckResult[];
  readonly violations: readonly Violation[];
}

/** Something that breaks a check: a user, or a chunk of a run, or neither where it is a load. */
export interface Violation {
  readonly check: string;
  readonly severity: 'fail' | 'warn';
  readonly userId: string | null;
  readonly runId: number | null;
  readonly chunkNo: number | null;
  /** For people: what is wrong with it. */
  readonly wrong: string;
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

/** A row of verify_database: of a check, or, where `violations` is null, of what breaks it. */
export interface CheckRow {
  readonly check_name: string;
  readonly severity: 'fail' | 'warn';
  readonly violations: number | null;
  readonly sample: string | null;
  readonly user_id: string | null;
  readonly run_id: number | null;
  readonly chunk_no: number | null;
  readonly wrong: string | null;
}

export function toVerification(rows: readonly CheckRow[]): Verification {
  const checks = rows.flatMap(({ check_name, severity, violations, sample }) =>
    violations === null ? [] : [{ check: check_name, severity, violations, sample }],
  );
  const violations = rows.flatMap(({ check_name, severity, user_id, run_id, chunk_no, wrong }) =>
    wrong === null ? [] : [{ check: check_name, severity, userId: user_id, runId: run_id, chunkNo: chunk_no, wrong }],
  );
  return { checks, violations };
}

export interface FailureRow {
  readonly user_id: string;
  readonly code: string | null;
  readonly processing_error: string | null;
}

export function toFailedUser({ user_id, code, processing_error }: FailureRow): FailedUser {
  return { userId: user_id, code, error: processing_error ?? '' };
}
