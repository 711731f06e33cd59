import sql from 'mssql';
import {
  type AuditDatabase,
  type CheckRow,
  type FailedUser,
  type FailureRow,
  type RedoFilter,
  type RetryFilter,
  toFailedUser,
  toVerification,
  type Verification,
} from '../audit.ts';
import type { Pool } from './pools.ts';

/** Each is a call of the procedure of that name in sql/mssql. */
export class MssqlAudit implements AuditDatabase {
  readonly #work: Pool;

  constructor(work: Pool) {
    this.#work = work;
  }

  async verifyDatabase(most = 0): Promise<Verification> {
    return toVerification(await this.#work.call<CheckRow>('verify_database', [['most', sql.Int, most]]));
  }

  async listFailures(afterUserId: string | null, users: number): Promise<FailedUser[]> {
    const rows = await this.#work.call<FailureRow>('list_failures', [
      ['after_user_id', sql.VarChar(50), afterUserId],
      ['users', sql.Int, users],
    ]);
    return rows.map(toFailedUser);
  }

  async retryUsers({ runId, userId, code }: RetryFilter): Promise<number> {
    const row = await this.#work.callForRow<{ users: number }>('retry_users', [
      ['run_id', sql.BigInt, runId],
      ['user_id', sql.VarChar(50), userId],
      ['code', sql.VarChar(50), code],
    ]);
    return row.users;
  }

  async redoUsers({ cardName, olderThan }: RedoFilter, apply: boolean): Promise<number> {
    const row = await this.#work.callForRow<{ users: number }>('redo_users', [
      ['card_name', sql.VarChar(200), cardName],
      ['older_than', sql.DateTime2(3), olderThan],
      ['apply', sql.Bit, apply],
    ]);
    return row.users;
  }
}
