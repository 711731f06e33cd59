import type { ClockState } from '../model/service.ts';

/** How far the time may be off without that being a jump. */
const STEADY_MS = 60_000;
/** How long a jumped time must hold before it is believed. */
const BELIEVE_MS = 300_000;

/** How far two clocks may differ before an alert. */
const APART_MS = 300_000;

/**
 * The database's time, by which slots are due: as it was last answered, counted on by a clock that is never set. Before the
 * first answer it is this machine's.
 *
 * A clock that jumps is right or wrong, and no process can tell which. So the new time must hold for five minutes before slots are
 * decided by a clock that jumped ahead; where the jump is taken back meanwhile, nothing has been decided. A clock that was set back is
 * followed at once: what was decided in its future is decided anew (see_schedule), unless this machine's clock contradicts it.
 */
export class FleetClock {
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  /** The database's time less the monotonic one; and the offset that is believed. */
  #offset: number;
  #believed: number | undefined;
  /** This machine's time less the monotonic one, as it was when the database's was last believed. */
  #wallOffset: number;
  #apartMs = 0;
  #jump: { readonly ms: number; readonly seenAt: number } | undefined;

  constructor({
    monotonic = () => performance.now(),
    wall = Date.now,
  }: { monotonic?: () => number; wall?: () => number } = {}) {
    this.#monotonic = monotonic;
    this.#wall = wall;
    this.#offset = wall() - monotonic();
    this.#wallOffset = this.#offset;
  }

  /** Milliseconds by a clock that is never set. */
  monotonic(): number {
    return this.#monotonic();
  }

  /** The database's time, in milliseconds. */
  now(): number {
    return this.#monotonic() + this.#offset;
  }

  /** Slots are not decided: the time jumped ahead, and is not believed yet. */
  get isDoubtful(): boolean {
    return this.#jump !== undefined && this.#jump.ms > 0;
  }

  /** The database's clock and this machine's agree, but for five minutes. */
  get agrees(): boolean {
    return this.#apartMs === 0;
  }

  /**
   * The database has answered its time to a question of `askedAt` (monotonic). `backSeconds`: by how much it says itself that its
   * clock was set back since an earlier processor led; that counts where this process has seen nothing of it.
   */
  answered(time: number, askedAt: number, backSeconds = 0): ClockState {
    const answeredAt = this.#monotonic();
    // A slow answer, or a process that was frozen, leaves a span for the time: where what was expected lies in it, that stands.
    const offset = Math.min(Math.max(this.#offset, time - answeredAt), time - askedAt);
    const movedMs = offset - this.#offset;
    this.#offset = offset;
    this.#believed ??= offset + backSeconds * 1000;
    const jumpedMs = offset - this.#believed;
    const known = this.#jump;
    const apart = this.now() - this.#wall();
    this.#apartMs = Math.abs(apart) > APART_MS ? apart : 0;
    const wallOffset = this.#wall() - answeredAt;
    // Ahead, to where this machine's clock has stood all the time: it was put right.
    const isConfirmed =
      jumpedMs > 0 && Math.abs(apart) <= STEADY_MS && Math.abs(wallOffset - this.#wallOffset) <= STEADY_MS;
    if (Math.abs(jumpedMs) <= STEADY_MS || isConfirmed) this.#jump = undefined;
    else if (known === undefined || Math.abs(jumpedMs - known.ms) > STEADY_MS)
      this.#jump = { ms: jumpedMs, seenAt: answeredAt };
    else if (answeredAt - known.seenAt >= BELIEVE_MS) this.#jump = undefined;
    if (this.#jump === undefined) {
      this.#believed = offset;
      this.#wallOffset = wallOffset;
    }
    const isNew = this.#jump !== undefined && this.#jump !== known;
    return { movedMs, jumpMs: this.#jump?.ms, isNew, apartMs: this.#apartMs };
  }
}
