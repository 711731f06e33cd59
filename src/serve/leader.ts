import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Processor } from '../model/service.ts';

/** A term of leading. What is written under it is refused by the database once it is over. */
export interface Term {
  readonly electedAt: Date;
}

/**
 * One instance plans, sweeps and alerts. The lease is a row in the database; a term is its owner and when it was elected.
 *
 * This process trusts its term only for the lease counted from when it *asked*, by a clock that runs on while the process
 * is frozen: who wakes after minutes knows at once that the term is over, and what it was about to write is refused.
 */
export class Leader {
  readonly #service: CoordinationDatabase;
  readonly #processor: Processor;
  readonly #leaseSeconds: number;
  readonly #monotonic: () => number;
  readonly #clock: () => number;
  #term: Term | undefined;
  #until = 0;
  #offset = 0;
  #owner: string | undefined;

  constructor(
    service: CoordinationDatabase,
    processor: Processor,
    leaseSeconds: number,
    { monotonic = () => performance.now(), clock = Date.now }: { monotonic?: () => number; clock?: () => number } = {},
  ) {
    this.#service = service;
    this.#processor = processor;
    this.#leaseSeconds = leaseSeconds;
    this.#monotonic = monotonic;
    this.#clock = clock;
  }

  /** A sign of life and a bid. True where this began a new term. */
  async renew(): Promise<boolean> {
    const askedAt = this.#monotonic();
    const { owner, electedAt, now } = await this.#service.lead(this.#processor, this.#leaseSeconds);
    this.#offset = now.getTime() - this.#clock();
    this.#owner = owner;
    if (owner !== this.#processor.id) {
      this.#term = undefined;
      return false;
    }
    const isNew = this.#term?.electedAt.getTime() !== electedAt.getTime();
    this.#term = { electedAt };
    this.#until = askedAt + this.#leaseSeconds * 1000;
    return isNew;
  }

  /** The term, while it is ours. */
  get term(): Term | undefined {
    if (this.#term !== undefined && this.#monotonic() >= this.#until) this.#term = undefined;
    return this.#term;
  }

  /** The leader, when last asked. */
  get owner(): string | undefined {
    return this.#owner;
  }

  /** The database's time, in milliseconds: slots are due by one clock in the fleet. */
  now(): number {
    return this.#clock() + this.#offset;
  }

  /** The term is over, whatever the lease says: the database refused it. */
  stepDown(): void {
    this.#term = undefined;
  }

  async resign(): Promise<void> {
    this.#term = undefined;
    await this.#service.resign(this.#processor.id);
  }
}
