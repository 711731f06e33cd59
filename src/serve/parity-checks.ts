import { messageOf } from '../model/errors.ts';
import type { ParityVerdict } from '../model/service.ts';
import type { PlannedFire } from '../schedule/misfire.ts';
import type { PlannedSchedule } from '../schedule/schedule.ts';

/** Compares with the API that the schedule names. The signal ends it early; what it throws counts as unchecked. */
export type ParityCheck = (schedule: PlannedSchedule, signal: AbortSignal) => Promise<ParityVerdict>;

/** A slot whose check is over, and is to be recorded. */
export interface CheckedSlot {
  readonly planned: PlannedFire;
  readonly verdict: ParityVerdict;
}

/**
 * The checks of the slots of kind `parity`, at most one a schedule. They go on beside the leader's beats: no lease waits for the API.
 * A verdict is kept until it is recorded, so that an API is not asked twice because the database was away.
 */
export class ParityChecks {
  readonly #check: ParityCheck;
  readonly #onDone: () => void;
  readonly #slots = new Map<string, { planned: PlannedFire; verdict?: ParityVerdict; readonly done: Promise<void> }>();
  #abort = new AbortController();

  /** `onDone`: a check is over, and its slot can be recorded. */
  constructor(check: ParityCheck, onDone: () => void) {
    this.#check = check;
    this.#onDone = onDone;
  }

  start(schedule: PlannedSchedule, planned: PlannedFire): void {
    const { signal } = this.#abort;
    const done = this.#verdict(schedule, signal).then(verdict => {
      if (signal.aborted) return;
      this.#slots.set(schedule.name, { planned, verdict, done });
      this.#onDone();
    });
    this.#slots.set(schedule.name, { planned, done });
  }

  /** The slot of a schedule whose check is over; `under way` where it is not; undefined where none was started. */
  of(schedule: string): CheckedSlot | 'under way' | undefined {
    const slot = this.#slots.get(schedule);
    if (slot === undefined) return undefined;
    const { planned, verdict } = slot;
    return verdict === undefined ? 'under way' : { planned, verdict };
  }

  /** The slot of a schedule is recorded. */
  recorded(schedule: string): void {
    this.#slots.delete(schedule);
  }

  /** The term is over: the slots are another leader's. Resolves when every check has ended. */
  async abandon(): Promise<void> {
    const ending = [...this.#slots.values()].map(({ done }) => done);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#slots.clear();
    await Promise.all(ending);
  }

  async #verdict(schedule: PlannedSchedule, signal: AbortSignal): Promise<ParityVerdict> {
    try {
      return await this.#check(schedule, signal);
    } catch (error) {
      return { decision: 'unchecked', note: messageOf(error) };
    }
  }
}
