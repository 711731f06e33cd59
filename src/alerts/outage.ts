import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Notice } from './notice.ts';

/** How long a database may be away before that opens an alert. */
const GRACE_MS = 60_000;
const ALERT = { rule: 'database_unreachable', subject: 'database', severity: 'critical' } as const;

export interface OutageOptions {
  readonly reminderMinutes: number;
  readonly processor: string;
  readonly tell: (
    state: Notice['state'],
    about: typeof ALERT & { readonly message: string },
    since: Date,
    now: number,
    alertId?: number,
  ) => void;
  readonly onError: (error: unknown) => void;
}

type OutageDatabase = Pick<CoordinationDatabase, 'raiseAlert' | 'closeAlert'>;

/**
 * The alert about a database that is away, which cannot keep it: this process does, and writes and closes it once the database is back.
 * Only the processor that told of an outage knows of it, whether it still leads or not.
 */
export class Outage {
  readonly #options: OutageOptions;
  #down: { since: number; toldAt: number | undefined; readonly message: string } | undefined;
  #settling: Promise<void> | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** The database's clock was set by `ms`: what is kept moves along. */
  move(ms: number): void {
    if (this.#down === undefined) return;
    this.#down.since += ms;
    if (this.#down.toldAt !== undefined) this.#down.toldAt += ms;
  }

  /** A call has failed. It is told after a minute, and again after the reminder's time, by a processor that may. */
  goesOn(now: number, message: string, mayTell: boolean): void {
    const { reminderMinutes, tell } = this.#options;
    this.#down ??= { since: now, toldAt: undefined, message };
    const { since, toldAt } = this.#down;
    const isNew = toldAt === undefined && now - since >= GRACE_MS;
    const isDue = toldAt !== undefined && now - toldAt >= reminderMinutes * 60_000;
    if (!mayTell || !(isNew || isDue)) return;
    this.#down.toldAt = now;
    const text = `The database has been unreachable for ${Math.round((now - since) / 1000)} s: ${message}`;
    tell(isNew ? 'opened' : 'reminded', { ...ALERT, message: text }, new Date(since), now);
  }

  /** A call was answered: an outage that was told is settled, a shorter one forgotten. */
  ends(database: OutageDatabase | undefined, now: number): void {
    if (this.#down?.toldAt === undefined) this.#down = undefined;
    else void this.settle(database, now);
  }

  /** Writes what was told of an outage, and closes it; once at a time. Never throws. */
  settle(database: OutageDatabase | undefined, now: number): Promise<void> {
    const down = this.#down;
    if (down?.toldAt === undefined || database === undefined) return Promise.resolve();
    this.#settling ??= this.#write(down, database, now)
      .catch(this.#options.onError)
      .finally(() => (this.#settling = undefined));
    return this.#settling;
  }

  async #write(down: { since: number; message: string }, database: OutageDatabase, now: number): Promise<void> {
    const { processor: teller, tell } = this.#options;
    const message = `The database was unreachable: ${down.message}`;
    const openedAt = new Date(down.since);
    await database.raiseAlert({ ...ALERT, message, remindSeconds: 1_000_000_000, openedAt, teller });
    const closed = await database.closeAlert(ALERT.rule, ALERT.subject, teller);
    this.#down = undefined;
    tell('closed', { ...ALERT, message }, openedAt, now, closed?.alertId);
  }
}
