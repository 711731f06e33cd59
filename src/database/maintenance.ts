import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Act, ActName, Actor } from '../model/act.ts';
import type { UserCounts } from '../model/run.ts';
import { PACKAGE_ROOT } from '../package.ts';
import { callForRow, cut, type Dialect, type Driver, type Parameter } from './driver.ts';
import type { WantedRight } from './wanted-rights.ts';

/** What prune forgets, in this order: children before what they belong to. Each is a table of schema cardgenius. */
export const HISTORY = [
  'chunk_attempt',
  'chunk_user',
  'completed_user',
  'chunk',
  'run_card',
  'run',
  'import',
  'schedule_fire',
  'alert',
  'processor',
] as const;
export type History = (typeof HISTORY)[number];

/** Users who have recommendations and are gone, their rows, and all users who have recommendations. */
export interface Orphans {
  readonly orphans: number;
  readonly rows: number;
  readonly users: number;
}

/** A file of queries/<dialect>: doctor_<question>.sql. */
export type DoctorQuestion =
  | 'settings'
  | 'server'
  | 'columns'
  | 'error_length'
  | 'target'
  | 'indexed_views'
  | 'log'
  | 'rights';

/** What else there is to say of an act. */
export type ActDetails = Partial<Pick<Act, 'runId' | 'subject' | 'affected' | 'reason'>>;

/** The side of the port that people who keep a database in order use; no run needs it. */
export type MaintenanceDatabase = ReturnType<typeof maintenanceOperations>;

export const maintenanceOperations = (driver: Driver) => ({
  dialect: driver.dialect,

  /** Undefined where nothing goes over a wire. */
  wire: driver.wire,

  /** Forgets one batch of what ended more than `keepDays` days ago; how many rows. 0: nothing is left. */
  async pruneHistory(kind: History, keepDays: number): Promise<number> {
    const row = await callForRow<{ deleted: number }>(driver, 'prune_history', [
      ['kind', 'varchar(20)', kind],
      ['keep_days', 'int', keepDays],
    ]);
    return row.deleted;
  },

  /** Writes down an act that takes many transactions, once it is done: prune, retry, redo. */
  async recordAct(
    act: ActName,
    by: Actor,
    { runId = null, subject = null, affected = null, reason = null }: ActDetails = {},
  ): Promise<void> {
    await driver.call('record_act', [
      ['act', 'varchar(20)', act],
      ['run_id', 'bigint', runId],
      ['subject', 'nvarchar(200)', cut(subject, 200)],
      ['affected', 'bigint', affected],
      ['origin', 'varchar(10)', by.origin],
      ['person', 'nvarchar(200)', cut(by.person, 200)],
      ['reason', 'nvarchar(400)', cut(reason, 400)],
    ]);
  },

  /**
   * Removes a user from every table of ours: how many rows, and whether CashKaro's tables still have the user. Throws USER_IN_CHUNK
   * while a chunk with the user is open.
   */
  async forgetUser(
    userId: string,
    by: Actor,
  ): Promise<{ rows: number; inSpending: boolean; inRecommendations: boolean }> {
    type Row = { rows_: number; spending: number; cards: number };
    const { rows_, spending, cards } = await callForRow<Row>(driver, 'forget_user', [
      ['user_id', 'varchar(50)', userId],
      ['origin', 'varchar(10)', by.origin],
      ['person', 'nvarchar(200)', cut(by.person, 200)],
    ]);
    return { rows: rows_, inSpending: spending > 0, inRecommendations: cards > 0 };
  },

  async countOrphans(): Promise<Orphans> {
    type Row = { orphans: number; rows_: number; users: number };
    const { orphans, rows_, users } = await callForRow<Row>(driver, 'prune_count_orphans', []);
    return { orphans, rows: rows_, users };
  },

  /** Deletes the rows of the next users who are gone. A null lastUserId: there was none left. */
  pruneOrphans(afterUserId: string | null): Promise<{ lastUserId: string | null; deleted: number }> {
    return callForRow(driver, 'prune_orphans', [['after_user_id', 'varchar(50)', afterUserId]]);
  },

  /** Users and ranks that stand more than once, the first ten of each table. */
  findDuplicates(): Promise<{ tableName: string; id: string; number: number }[]> {
    return driver.call('doctor_duplicates', []);
  },

  /** Users whose status is not one of ours: no run looks for them. */
  async countOtherStatuses(): Promise<number> {
    return (await callForRow<UserCounts>(driver, 'count_users', [])).other;
  },

  /** The rows of a question, or undefined where this dialect has no such question. */
  async ask<Row>(question: DoctorQuestion, wanted?: readonly WantedRight[]): Promise<Row[] | undefined> {
    const text = await readQuestion(driver.dialect, question);
    if (text === undefined) return undefined;
    const parameters: Parameter[] = wanted === undefined ? [] : [['wanted', 'nvarchar(max)', JSON.stringify(wanted)]];
    return driver.ask<Row>(text, parameters, `queries/${driver.dialect}/doctor_${question}.sql`);
  },
});

/** The text of a question, or undefined where the dialect has none of that name. */
export async function readQuestion(dialect: Dialect, question: DoctorQuestion): Promise<string | undefined> {
  try {
    return await readFile(join(PACKAGE_ROOT, 'queries', dialect, `doctor_${question}.sql`), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
