import type { BatchDatabase } from '../database/batch.ts';
import { LeaseLostError } from '../model/errors.ts';
import type { Lease } from '../model/run.ts';

/** How often a lease is renewed before it would run out. */
const BEATS_PER_LEASE = 4;
/** What share of a lease this process trusts: it ends here before it ends in the database. */
const TRUSTED_SHARE = 0.9;

/**
 * Keeps a lease alive, but only while the work moves: a hung worker must not be kept alive by a healthy timer.
 *
 * The database's clock decides when a lease ends. Here stands only a conservative local deadline: the start of the last
 * attempt to renew that succeeded, plus the lease, less a margin; when it passes, `signal` is aborted and whatever comes
 * before publish stops. Stop the heartbeat and await it before publishing: from there the chunk row's lock is the lease. Between two
 * tries of a publish there is neither: if the lease runs out meanwhile, the next try meets LEASE_LOST, and nothing was written.
 */
export class Heartbeat {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #database: BatchDatabase;
  readonly #lease: Lease;
  readonly #leaseMs: number;
  readonly #timer: NodeJS.Timeout;
  #moved = true;
  #trustedUntil: number;
  #waitsUntil = 0;
  #beat: Promise<void> = Promise.resolve();
  #beating = false;

  constructor(database: BatchDatabase, lease: Lease, leaseSeconds: number) {
    this.#database = database;
    this.#lease = lease;
    this.#leaseMs = leaseSeconds * 1000;
    this.#trustedUntil = performance.now() + this.#leaseMs * TRUSTED_SHARE;
    this.signal = this.#controller.signal;
    this.#timer = setInterval(() => this.#tick(), this.#leaseMs / BEATS_PER_LEASE);
    this.#timer.unref();
  }

  /** The work has moved: rows read, a slice computed, rows loaded. */
  moved(): void {
    this.#moved = true;
  }

  /** The work pauses for a known time, to try a step again: that is no hang. */
  waits(milliseconds: number): void {
    this.#waitsUntil = performance.now() + milliseconds;
  }

  /** Renews for the last time, through `steady`, which tries again, and stops. Throws LeaseLostError where the lease is lost. */
  async finish(steady: Pick<BatchDatabase, 'renewLease'>): Promise<void> {
    await this.stop();
    this.signal.throwIfAborted();
    if (!(await this.#renew(steady))) throw lost(this.#lease);
  }

  /** Stops, and waits for the beat that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
  }

  #tick(): void {
    const moves = this.#moved || performance.now() < this.#waitsUntil;
    if (performance.now() > this.#trustedUntil) {
      const stuckSeconds = moves ? undefined : Math.round((this.#leaseMs * TRUSTED_SHARE) / 1000);
      this.#controller.abort(lost(this.#lease, stuckSeconds));
    }
    if (!moves || this.#beating || this.signal.aborted) return;
    this.#moved = false;
    this.#beating = true;
    this.#beat = this.#renew()
      .then(isOurs => {
        if (!isOurs) this.#controller.abort(lost(this.#lease));
      })
      .catch(() => {
        this.#moved = true; // not renewed: tried again with the next beat, until the deadline passes
      })
      .finally(() => {
        this.#beating = false;
      });
  }

  async #renew(database: Pick<BatchDatabase, 'renewLease'> = this.#database): Promise<boolean> {
    const startedAt = performance.now();
    const isOurs = await database.renewLease(this.#lease, this.#leaseMs / 1000);
    if (isOurs) this.#trustedUntil = startedAt + this.#leaseMs * TRUSTED_SHARE;
    return isOurs;
  }
}

function lost({ runId, chunkNo }: Lease, stuckSeconds?: number): LeaseLostError {
  return new LeaseLostError(`the lease of chunk ${chunkNo} of run ${runId} has run out`, { stuckSeconds });
}
