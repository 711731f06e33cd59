/** An act on a run or on users: a row of cardgenius.act, never changed by a later one. */
export type ActName =
  | 'pause'
  | 'resume'
  | 'accept_gate'
  | 'cancel'
  | 'fail'
  | 'supersede'
  | 'catalogue'
  | 'run_now'
  | 'retry'
  | 'redo'
  | 'prune'
  | 'forget'
  /** Spends came in, from the file that `subject` names. */
  | 'import'
  /** Slots are decided anew: they were decided while the database's clock was ahead. */
  | 'clock';

/** From where it was asked; `sql` is a DBA who calls a procedure by hand. */
export type ActOrigin = 'cli' | 'page' | 'schedule' | 'processor' | 'sql';

/** The actor, as far as the program knows; the login of the database adds its own. */
export interface Actor {
  readonly origin: ActOrigin;
  /** The user of the operating system (`cli`), or the user that a trusted proxy names (`page`); null: unknown. */
  readonly person: string | null;
}

/** What the program does by itself. */
export const PROCESSOR: Actor = { origin: 'processor', person: null };

export interface Act extends Actor {
  readonly actId: number;
  readonly actedAt: Date;
  readonly act: ActName;
  readonly runId: number | null;
  /** The schedule, the filter, the fingerprints or the file that it is about. */
  readonly subject: string | null;
  /** Users; rows where it is `prune`. */
  readonly affected: number | null;
  /** The login of the database that acted. */
  readonly login: string;
  readonly reason: string | null;
}
