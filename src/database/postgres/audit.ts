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
import type { Pglite } from './pglite.ts';

/** Each is a call of the function of that name in sql/postgres. */
export class PostgresAudit implements AuditDatabase {
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async verifyDatabase(most = 0): Promise<Verification> {
    const call = 'SELECT * FROM cardgenius.verify_database($1)';
    return toVerification(await this.#pglite.query<CheckRow>(call, [most]));
  }

  async listFailures(afterUserId: string | null, users: number): Promise<FailedUser[]> {
    const call = 'SELECT * FROM cardgenius.list_failures($1, $2)';
    return (await this.#pglite.query<FailureRow>(call, [afterUserId, users])).map(toFailedUser);
  }

  async retryUsers({ runId, userId, code }: RetryFilter): Promise<number> {
    const call = 'SELECT * FROM cardgenius.retry_users($1, $2, $3)';
    return (await this.#pglite.query<{ users: number }>(call, [runId, userId, code]))[0]!.users;
  }

  async redoUsers({ cardName, olderThan }: RedoFilter, apply: boolean): Promise<number> {
    const call = 'SELECT * FROM cardgenius.redo_users($1, $2, $3)';
    return (await this.#pglite.query<{ users: number }>(call, [cardName, olderThan, apply]))[0]!.users;
  }
}
