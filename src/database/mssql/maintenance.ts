import sql from 'mssql';
import type { ActName, Actor } from '../../model/act.ts';
import type { UserCounts } from '../../model/run.ts';
import {
  type ActDetails,
  type DoctorQuestion,
  type History,
  type MaintenanceDatabase,
  type Orphans,
  readQuestion,
  type WantedRight,
} from '../maintenance.ts';
import type { Pool } from './pools.ts';

const { BigInt: BIGINT, Int: INT, NVarChar, VarChar } = sql;

/** Prune and doctor on SQL Server: calls of sql/mssql, and the questions of queries/mssql as they stand there. */
export class MssqlMaintenance implements MaintenanceDatabase {
  readonly engine = 'mssql';
  readonly #work: Pool;

  constructor(work: Pool) {
    this.#work = work;
  }

  get wire() {
    return this.#work.wire;
  }

  async pruneHistory(kind: History, keepDays: number): Promise<number> {
    const row = await this.#work.callForRow<{ deleted: number }>('prune_history', [
      ['kind', VarChar(20), kind],
      ['keep_days', INT, keepDays],
    ]);
    return Number(row.deleted);
  }

  async recordAct(
    act: ActName,
    by: Actor,
    { runId = null, subject = null, affected = null, reason = null }: ActDetails = {},
  ): Promise<void> {
    await this.#work.call('record_act', [
      ['act', VarChar(20), act],
      ['run_id', BIGINT, runId],
      ['subject', NVarChar(200), subject],
      ['affected', BIGINT, affected],
      ['origin', VarChar(10), by.origin],
      ['person', NVarChar(200), by.person],
      ['reason', NVarChar(400), reason],
    ]);
  }

  async countOrphans(): Promise<Orphans> {
    const row = await this.#work.callForRow<{ orphans: number; rows_: number; users: number }>(
      'prune_count_orphans',
      [],
    );
    return { orphans: row.orphans, rows: row.rows_, users: row.users };
  }

  async pruneOrphans(afterUserId: string | null): Promise<{ lastUserId: string | null; deleted: number }> {
    const row = await this.#work.callForRow<{ last_user_id: string | null; deleted: number }>('prune_orphans', [
      ['after_user_id', VarChar(50), afterUserId],
    ]);
    return { lastUserId: row.last_user_id, deleted: Number(row.deleted) };
  }

  async findDuplicates(): Promise<{ table_name: string; id: string; number: number }[]> {
    return this.#work.call('doctor_duplicates', []);
  }

  async countOtherStatuses(): Promise<number> {
    return Number((await this.#work.callForRow<UserCounts>('count_users', [])).other);
  }

  async ask<Row>(question: DoctorQuestion, wanted?: readonly WantedRight[]): Promise<Row[] | undefined> {
    const text = await readQuestion('mssql', question);
    if (text === undefined) return undefined;
    const parameters = wanted === undefined ? [] : [['wanted', NVarChar(sql.MAX), JSON.stringify(wanted)] as const];
    return this.#work.ask<Row>(text, parameters, `queries/mssql/doctor_${question}.sql`);
  }
}
