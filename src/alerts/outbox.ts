import type { CoordinationDatabase } from '../database/coordination.ts';
import type { ClosedAlert } from '../model/service.ts';
import type { Notice } from './notice.ts';

export type OutboxDatabase = Pick<CoordinationDatabase, 'recordTold' | 'takeOverAlerts'>;

/** A notice on its way. */
export interface Delivery {
  readonly isOver: boolean;
  /** Undefined where the database has not taken the alert yet. */
  alertId: number | undefined;
  /** Every channel has taken it, or refused it for good. */
  hasArrived: boolean;
}

/**
 * Notices that wait are kept in memory; that an alert is not told yet, and by which processor, stands with it in the database until
 * every channel has taken it. So each is told at least once, and twice only where its processor has died in between. The processor
 * that tells the opening tells the end, too, even where another closed the alert meanwhile: it hears of that from the database.
 */
export class Outbox {
  readonly #notify: (notice: Notice, arrived: () => void) => void;
  readonly #onClosed: (alert: ClosedAlert) => void;
  readonly #onError: (error: unknown) => void;
  /** Arrived, and the database does not know it yet. */
  readonly #unrecorded = new Set<Delivery>();
  /** Alerts of which the end is told from here. */
  readonly #ends = new Set<number>();
  #database: OutboxDatabase | undefined;
  #recording: Promise<void> = Promise.resolve();

  /** `onClosed`: an opening was told of an alert that has been closed meanwhile. */
  constructor(
    notify: (notice: Notice, arrived: () => void) => void,
    onClosed: (alert: ClosedAlert) => void,
    onError: (error: unknown) => void,
  ) {
    this.#notify = notify;
    this.#onClosed = onClosed;
    this.#onError = onError;
  }

  use(database: OutboxDatabase): void {
    this.#database = database;
  }

  tell(notice: Notice, alertId: number | undefined): Delivery {
    const delivery: Delivery = { isOver: notice.state === 'closed', alertId, hasArrived: false };
    if (delivery.isOver && alertId !== undefined) this.#ends.add(alertId);
    this.#notify(notice, () => {
      delivery.hasArrived = true;
      this.#record(delivery);
    });
    return delivery;
  }

  /** Whether it is told from here that the alert is over, and the database does not know yet that it was. */
  tellsEndOf(alertId: number): boolean {
    return this.#ends.has(alertId);
  }

  /** The alert was written after it was told of. */
  isWritten(delivery: Delivery, alertId: number): void {
    delivery.alertId = alertId;
    if (delivery.hasArrived) this.#record(delivery);
  }

  /** Records again what the database did not take. Resolves when that is done; never throws. */
  recordAll(): Promise<void> {
    for (const delivery of this.#unrecorded) this.#record(delivery);
    return this.#recording;
  }

  #record(delivery: Delivery): void {
    const { alertId, isOver } = delivery;
    if (alertId === undefined) return;
    this.#unrecorded.add(delivery);
    this.#recording = this.#recording.then(async () => {
      if (!this.#unrecorded.has(delivery)) return;
      try {
        const closed = await this.#database?.recordTold(alertId, isOver);
        this.#unrecorded.delete(delivery);
        if (isOver) this.#ends.delete(alertId);
        if (closed !== undefined) this.#onClosed(closed);
      } catch (error) {
        this.#onError(error);
      }
    });
  }
}
