import type { CoordinationDatabase } from '../database/coordination.ts';
import type { ClockState, Processor } from '../model/service.ts';
import type { FleetClock } from './fleet-clock.ts';

/** A term of leading. What is written under it is refused by the database once it is over. */
export interface Term {
  readonly electedAt: Date;
}

/**
 * One instance plans, sweeps and alerts. The lease is a row in the database; a term is its owner and when it was elected.
 *
 * This process trusts its term only for the lease counted from when it *asked*, by a clock that runs on while the process
 * is frozen: a process that wakes after minutes knows at once that its term is over, and what it was about to write is refused.
 */
export class Leader {
  readonly #coordination: CoordinationDatabase;
  readonly #processor: Processor;
  readonly #leaseSeconds: number;
  readonly #clock: FleetClock;
  #term: Term | undefined;
  #until = 0;
  #owner: string | undefined;

  constructor(coordination: CoordinationDatabase, processor: Processor, leaseSeconds: number, clock: FleetClock) {
    this.#coordination = coordination;
    this.#processor = processor;
    this.#leaseSeconds = leaseSeconds;
    this.#clock = clock;
  }

  /**
   * A sign of life and a bid, with the version of the engine as it was loaded last: whether this began a new term, and what the answer
   * says of the clock.
   */
  async renew(version = this.#processor.version): Promise<{ readonly isNew: boolean; readonly clock: ClockState }> {
    const askedAt = this.#clock.monotonic();
    const { owner, electedAt, now, clockBackSeconds } = await this.#coordination.lead(
      { ...this.#processor, version },
      this.#leaseSeconds,
    );
    const clock = this.#clock.answered(now.getTime(), askedAt, clockBackSeconds);
    this.#owner = owner;
    if (owner !== this.#processor.id) {
      this.#term = undefined;
      return { isNew: false, clock };
    }
    const isNew = this.#term?.electedAt.getTime() !== electedAt.getTime();
    this.#term = { electedAt };
    this.#until = askedAt + this.#leaseSeconds * 1000;
    return { isNew, clock };
  }

  /** The term, while it is ours. */
  get term(): Term | undefined {
    if (this.#term !== undefined && this.#clock.monotonic() >= this.#until) this.#term = undefined;
    return this.#term;
  }

  /** The leader, when last asked. */
  get owner(): string | undefined {
    return this.#owner;
  }

  /** The term is over, whatever the lease says: the database refused it. */
  stepDown(): void {
    this.#term = undefined;
  }

  async resign(): Promise<void> {
    this.#term = undefined;
    await this.#coordination.resign(this.#processor.id);
  }
}
