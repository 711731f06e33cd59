import type { CoordinationDatabase } from '../database/coordination.ts';
import { UsageError } from '../model/errors.ts';
import type { RunProgress, RunTerms } from '../model/run.ts';
import type { FireAnswer, ParityVerdict } from '../model/service.ts';
import { type PlannedFire, planFires } from '../schedule/misfire.ts';
import type { PlannedSchedule } from '../schedule/schedule.ts';
import { nextSlots } from '../schedule/slots.ts';
import { utcOffsetMinutes } from '../schedule/time-zone.ts';
import type { FleetClock } from './fleet-clock.ts';
import { type CheckedSlot, type ParityCheck, ParityChecks } from './parity-checks.ts';

type DecidedSlot = Omit<PlannedFire, 'decision'> & {
  readonly decision: PlannedFire['decision'] | 'not_opened' | ParityVerdict['decision'];
};
export type DecidedFire = Omit<PlannedFire, 'decision'> & FireAnswer & { readonly schedule: string };

/** The terms of a slot that opens no run: no procedure reads them. */
const NO_RUN: RunTerms = {
  kind: 'batch',
  engineName: '',
  engineVersion: '',
  fingerprint: '',
  cards: [],
  chunkSize: 1,
  userLimit: null,
  maxRounds: 1,
};

/** How long without a look where no slot is due: missed slots are found at the latest then. */
const LOOK_ANYWAY_MS = 3_600_000;
/** How often the leader looks whether the run is over that a missed slot waits for. */
const LOOK_WAITING_MS = 10_000;

/**
 * Decides the slots of all schedules. Only the leader asks it; the database sees to it that each slot is decided once.
 *
 * Where each missed slot is to have its run (`all`), the next one waits, unrecorded, until no run is active: recorded before,
 * it would be overlapped.
 *
 * A slot of kind `parity` opens no run. Its check is started, and the slot recorded with the verdict at the look after that.
 *
 * The engine is loaded anew for each slot that opens a run. Where it cannot be, the slot is recorded as `not_opened`, with why.
 */
export class Planner {
  readonly #coordination: CoordinationDatabase;
  readonly #latestRun: () => Promise<RunProgress | undefined>;
  readonly #schedules: readonly PlannedSchedule[];
  readonly #terms: (userLimit: number | null) => Promise<RunTerms>;
  readonly #processor: string;
  readonly #lateMs: number;
  readonly #checks: ParityChecks;
  readonly #clock: Pick<FleetClock, 'isDoubtful' | 'agrees' | 'monotonic'>;
  /** Between this and the next nothing can be due; a look before it means that the clock was set back. */
  #lookedAt = 0;
  #nextLook = 0;
  /** No slot has been decided since then (monotonic), because the time jumped ahead and was not believed. */
  #heldSince: number | undefined;
  /** How often it was told to look again: what it is told during a look holds after it. */
  #lookAgains = 0;

  constructor(options: {
    readonly coordination: CoordinationDatabase;
    readonly latestRun: () => Promise<RunProgress | undefined>;
    readonly schedules: readonly PlannedSchedule[];
    /** Loads the engine anew; throws UsageError where it cannot be loaded. */
    readonly terms: (userLimit: number | null) => Promise<RunTerms>;
    readonly processor: string;
    readonly lateMs: number;
    readonly check: ParityCheck;
    readonly clock: Pick<FleetClock, 'isDoubtful' | 'agrees' | 'monotonic'>;
    /** A check is over: look again. */
    readonly onChecked: () => void;
  }) {
    this.#coordination = options.coordination;
    this.#latestRun = options.latestRun;
    this.#schedules = options.schedules;
    this.#terms = options.terms;
    this.#processor = options.processor;
    this.#lateMs = options.lateMs;
    this.#clock = options.clock;
    this.#checks = new ParityChecks(options.check, () => {
      this.lookAgain();
      options.onChecked();
    });
  }

  /** Something may be due that was not known: a new leader, a run that ended, a check that is over. */
  lookAgain(): void {
    this.#nextLook = 0;
    this.#lookAgains++;
  }

  /** The term is over, or the service ends: no check goes on. */
  abandon(): Promise<void> {
    return this.#checks.abandon();
  }

  /** When there is something to look at again, in milliseconds. */
  get nextLook(): number {
    return this.#nextLook;
  }

  /**
   * Decides all that is due. `onFire` is told each; false where the term is over: nothing more was written. While the time has
   * jumped ahead and is not believed yet, nothing is due; what came due meanwhile is in time.
   */
  async look(now: number, electedAt: Date, onFire: (fire: DecidedFire) => void): Promise<boolean> {
    if (this.#clock.isDoubtful) {
      this.#heldSince ??= this.#clock.monotonic();
      this.#nextLook = now + LOOK_WAITING_MS;
      return true;
    }
    const heldMs = this.#heldSince === undefined ? 0 : this.#clock.monotonic() - this.#heldSince;
    if (heldMs === 0 && now >= this.#lookedAt && now < this.#nextLook) return true;
    this.#lookedAt = now;
    const lookAgains = this.#lookAgains;
    let nextLook = now + LOOK_ANYWAY_MS;
    for (const schedule of this.#schedules) {
      const { name, cron, timeZone } = schedule;
      const checked = this.#checks.of(name);
      if (checked === 'under way') continue;
      if (checked !== undefined) {
        const fire = await this.#record(schedule, judged(checked), NO_RUN, electedAt);
        if (fire.outcome === 'not_leader') return false;
        this.#checks.recorded(name);
        onFire(fire);
      }
      const state = await this.#coordination.seeSchedule(name, cron, timeZone, this.#clock.agrees);
      const fires = planFires(schedule, state, now, this.#lateMs + heldMs);
      let outcome: 'decided' | 'waits' | 'checks' = 'decided';
      for (const planned of fires) {
        if (schedule.kind === 'parity' && planned.decision !== 'skipped') {
          this.#checks.start(schedule, planned);
          outcome = 'checks';
          break;
        }
        const [decided, terms] = await this.#termsOf(schedule, planned);
        if (schedule.misfire === 'all' && decided.decision === 'caught_up' && (await this.#isBusy(terms))) {
          outcome = 'waits';
          break;
        }
        const fire = await this.#record(schedule, decided, terms, electedAt);
        if (fire.outcome === 'not_leader') return false;
        onFire(fire);
      }
      if (outcome === 'checks') continue; // the end of the check calls lookAgain
      if (outcome === 'waits') {
        nextLook = Math.min(nextLook, now + LOOK_WAITING_MS);
        continue;
      }
      const last = fires.at(-1)?.plannedAt.getTime() ?? now;
      nextLook = Math.min(nextLook, nextSlots(schedule, last, 1)[0]?.getTime() ?? nextLook);
    }
    if (lookAgains === this.#lookAgains) this.#nextLook = nextLook;
    this.#heldSince = undefined;
    return true;
  }

  /** A run is active that `recordFire` would not supersede. */
  async #isBusy({ fingerprint, kind }: RunTerms): Promise<boolean> {
    const run = await this.#latestRun();
    if (run === undefined || run.finishedAt !== null) return false;
    return run.fingerprint === fingerprint || run.kind !== kind || run.state === 'paused';
  }

  /** The slot as it is recorded, and the terms of its run; `not_opened` where the engine cannot be loaded. */
  async #termsOf({ userLimit }: PlannedSchedule, planned: PlannedFire): Promise<[DecidedSlot, RunTerms]> {
    if (planned.decision === 'skipped') return [planned, NO_RUN];
    try {
      return [planned, await this.#terms(userLimit ?? null)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return [{ ...planned, decision: 'not_opened', note: `${error.code}: ${error.message}` }, NO_RUN];
    }
  }

  async #record(schedule: PlannedSchedule, planned: DecidedSlot, run: RunTerms, electedAt: Date): Promise<DecidedFire> {
    const answer = await this.#coordination.recordFire({
      schedule: schedule.name,
      ...planned,
      decidedBy: this.#processor,
      electedAt,
      deadlineMinutes: schedule.deadlineMinutes ?? null,
      run: { ...run, utcOffsetMinutes: utcOffsetMinutes(planned.plannedAt.getTime(), schedule.timeZone) },
    });
    return { ...planned, ...answer, schedule: schedule.name };
  }
}

/** The slot with what its check says, and with why it was late. */
function judged({ planned, verdict }: CheckedSlot): DecidedSlot {
  const note = planned.note === null ? verdict.note : `${verdict.note} (${planned.note})`;
  return { ...planned, decision: verdict.decision, note };
}
