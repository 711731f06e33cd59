import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Act, ActName, Actor } from '../model/act.ts';
import { PACKAGE_ROOT } from '../package.ts';
import type { SqlEngine } from './migrate/sql-files.ts';

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

/** A file of queries/<engine>: doctor_<question>.sql. */
export type DoctorQuestion = 'settings' | 'columns' | 'error_length' | 'target' | 'indexed_views' | 'log' | 'rights';

/** A right of deploy/sql/grants.sql. */
export interface WantedRight {
  readonly role: string;
  readonly right: string;
  readonly class: 'OBJECT' | 'SCHEMA' | 'DATABASE';
  readonly securable: string;
}

/** What else there is to say of an act. */
export type ActDetails = Partial<Pick<Act, 'runId' | 'subject' | 'affected' | 'reason'>>;

/** The side of the port that people who keep a database in order use; no run needs it. */
export interface MaintenanceDatabase {
  readonly engine: SqlEngine;
  /** Undefined where nothing goes over a wire. */
  readonly wire: { readonly encrypted: boolean; readonly verified: boolean } | undefined;
  /** Forgets one batch of what ended more than so many days ago; how many rows. 0: nothing is left. */
  pruneHistory(kind: History, keepDays: number): Promise<number>;
  /** Writes down an act that is no procedure's own: prune. */
  recordAct(act: ActName, by: Actor, details?: ActDetails): Promise<void>;
  countOrphans(): Promise<Orphans>;
  /** Deletes the rows of the next users who are gone. A null lastUserId: there was none left. */
  pruneOrphans(afterUserId: string | null): Promise<{ lastUserId: string | null; deleted: number }>;
  /** Users and ranks that stand more than once, the first ten of each table. */
  findDuplicates(): Promise<{ table_name: string; id: string; number: number }[]>;
  /** Users whose status is none of ours: no run looks for them. */
  countOtherStatuses(): Promise<number>;
  /** The rows of a question, or undefined where this engine has no such question. */
  ask<Row>(question: DoctorQuestion, wanted?: readonly WantedRight[]): Promise<Row[] | undefined>;
}

/** The text of a question, or undefined where the engine has none of that name. */
export async function readQuestion(engine: SqlEngine, question: DoctorQuestion): Promise<string | undefined> {
  try {
    return await readFile(join(PACKAGE_ROOT, 'queries', engine, `doctor_${question}.sql`), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
