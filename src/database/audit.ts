import { callForRow, type Driver } from './driver.ts';

/** Operations that check the database and put users back to new: `verify`, `errors`, `retry`, `redo`. */
export type AuditDatabase = ReturnType<typeof auditOperations>;

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
  /** Users that failed longer ago than this. */
  readonly olderThanSeconds?: number | null;
}

/** Null leaves a filter out; all null are all completed users. */
export interface RedoFilter {
  /** Users who have this card among their ten. */
  readonly cardName: string | null;
  /** Users last completed before this time; users with no record count as older. */
  readonly olderThan: Date | null;
  /** Users completed in this run, also where a later run completed them again. */
  readonly runId: number | null;
}

export const auditOperations = (driver: Driver) => ({
  /** A row a check, in a fixed order, also for those that hold; and of each at most `most` violations (default: none). */
  async verifyDatabase(most = 0): Promise<Verification> {
    return toVerification(await driver.call<CheckRow>('verify_database', [['most', 'int', most]]));
  },

  /** The next failed users after a user id (null: from the start); empty at the end. */
  async listFailures(afterUserId: string | null, users: number): Promise<FailedUser[]> {
    const rows = await driver.call<{ userId: string; code: string | null; processingError: string | null }>(
      'list_failures',
      [
        ['after_user_id', 'varchar(50)', afterUserId],
        ['users', 'int', users],
      ],
    );
    return rows.map(({ userId, code, processingError }) => ({ userId, code, error: processingError ?? '' }));
  },

  /** The user who has a number in an open chunk of a run; undefined where the chunk is closed, or the user was forgotten. */
  async findChunkUser(runId: number, chunkNo: number, userNo: number): Promise<string | undefined> {
    const [row] = await driver.call<{ userId: string }>('find_chunk_user', [
      ['run_id', 'bigint', runId],
      ['chunk_no', 'int', chunkNo],
      ['user_no', 'int', userNo],
    ]);
    return row?.userId;
  },

  /** Puts failed users that match every filter back to new. How many. */
  async retryUsers({ runId, userId, code, olderThanSeconds }: RetryFilter): Promise<number> {
    const row = await callForRow<{ users: number }>(driver, 'retry_users', [
      ['run_id', 'bigint', runId],
      ['user_id', 'varchar(50)', userId],
      ['code', 'varchar(50)', code],
      ['seconds', 'int', olderThanSeconds ?? null],
    ]);
    return row.users;
  },

  /**
   * Puts completed users that match every filter back to new, or only counts them. How many. Throws NO_SUCH_RUN, RUN_ACTIVE where the run is
   * not over, NO_COMPLETED_USERS where it was a dry run or was pruned.
   */
  async redoUsers({ cardName, olderThan, runId }: RedoFilter, apply: boolean): Promise<number> {
    const row = await callForRow<{ users: number }>(driver, 'redo_users', [
      ['card_name', 'varchar(200)', cardName],
      ['older_than', 'datetime', olderThan],
      ['apply', 'bit', apply],
      ['run_id', 'bigint', runId],
    ]);
    return row.users;
  },
});

/** A row of verify_database: of a check, or, where `violations` is null, of what breaks it. */
interface CheckRow {
  readonly checkName: string;
  readonly severity: 'fail' | 'warn';
  readonly violations: number | null;
  readonly sample: string | null;
  readonly userId: string | null;
  readonly runId: number | null;
  readonly chunkNo: number | null;
  readonly wrong: string | null;
}

function toVerification(rows: readonly CheckRow[]): Verification {
  const checks = rows.flatMap(({ checkName, severity, violations, sample }) =>
    violations === null ? [] : [{ check: checkName, severity, violations, sample }],
  );
  const violations = rows.flatMap(({ checkName, severity, userId, runId, chunkNo, wrong }) =>
    wrong === null ? [] : [{ check: checkName, severity, userId, runId, chunkNo, wrong }],
  );
  return { checks, violations };
}
