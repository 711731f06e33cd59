import type { ActName, Actor } from '../../model/act.ts';
import type { UserCounts } from '../../model/run.ts';
import {
  type ActDetails,
  type DoctorQuestion,
  type History,
  type MaintenanceDatabase,
  type Orphans,
  readQuestion,
} from '../maintenance.ts';
import type { Pglite } from './pglite.ts';

/** Prune and a reduced doctor on the embedded engine. */
export class PostgresMaintenance implements MaintenanceDatabase {
  readonly engine = 'postgres';
  readonly wire = undefined;
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async pruneHistory(kind: History, keepDays: number): Promise<number> {
    const [row] = await this.#pglite.query<{ deleted: number }>('SELECT * FROM cardgenius.prune_history($1, $2)', [
      kind,
      keepDays,
    ]);
    return row!.deleted;
  }

  async recordAct(
    act: ActName,
    by: Actor,
    { runId = null, subject = null, affected = null, reason = null }: ActDetails = {},
  ): Promise<void> {
    const params = [act, runId, subject, affected, by.origin, by.person, reason];
    await this.#pglite.query('SELECT cardgenius.record_act($1, $2, $3, $4, $5, $6, $7)', params);
  }

  async countOrphans(): Promise<Orphans> {
    const [row] = await this.#pglite.query<{ orphans: number; rows_: number; users: number }>(
      'SELECT * FROM cardgenius.prune_count_orphans()',
    );
    return { orphans: row!.orphans, rows: row!.rows_, users: row!.users };
  }

  async pruneOrphans(afterUserId: string | null): Promise<{ lastUserId: string | null; deleted: number }> {
    const [row] = await this.#pglite.query<{ last_user_id: string | null; deleted: number }>(
      'SELECT * FROM cardgenius.prune_orphans($1)',
      [afterUserId],
    );
    return { lastUserId: row!.last_user_id, deleted: Number(row!.deleted) };
  }

  async findDuplicates(): Promise<{ table_name: string; id: string; number: number }[]> {
    return this.#pglite.query('SELECT * FROM cardgenius.doctor_duplicates()');
  }

  async countOtherStatuses(): Promise<number> {
    const [counts] = await this.#pglite.query<UserCounts>('SELECT * FROM cardgenius.count_users()');
    return Number(counts!.other);
  }

  async ask<Row>(question: DoctorQuestion): Promise<Row[] | undefined> {
    const text = await readQuestion('postgres', question);
    return text === undefined ? undefined : this.#pglite.query<Row>(text);
  }
}
