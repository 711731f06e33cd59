/**
 * The service: `cardgenius serve`, any number of processors on one database, for months.
 *
 * Each processor has two loops, and each loop survives its own errors:
 *
 *     lead: bid ─► (elected) decide the due slots ─► sweep, watch ─► sleep until the next slot or bid
 *     work: read the active run ─► processRun (batch/run-batch.ts) until it is over ─► sleep
 *
 * **The leader** (leader.ts) is the processor whose bid found no living lease in the table `leader`. Its term is (owner, elected_at) by the
 * database's clock; each bid renews it, and is the sign of life of every processor as well. What a leader records carries its term, and
 * the database refuses a term that is over: two processors that both believe they lead cannot record one slot twice.
 *
 * **A slot** is a time at which a schedule is due (schedule/slots.ts computes them; node-cron only wakes the loop). The ledger decides, not
 * the alarm: planner.ts asks for the last recorded slot of each schedule, takes every slot since, and records a decision for each, once in
 * the fleet: `ran`, `caught_up` or `skipped` by the misfire policy, `overlapped` where a run is active, `held` where one is paused,
 * `not_opened` where the engine cannot be loaded. record_fire writes the ledger's row and opens the run in one transaction, so that a
 * leader that dies has done both or neither. A new leader begins from the ledger, and knows of all that was missed.
 *
 * **The work** is not the leader's alone. Every processor joins the active run if its engine has the run's fingerprint; an engine file is
 * loaded anew before each fire and run (current-engine.ts). A run of another engine is left to its own processors, and is superseded by
 * the next fire that finds none on it.
 *
 * **Trouble.** A database that is away is asked again, a little later each time. `/livez` says that the process runs, `/readyz` that the
 * last bid was answered lately (health.ts). The leader evaluates the alert rules; a processor that cannot reach the database tells of
 * that itself. A schedule of kind `parity` opens no run: parity-checks.ts compares with the API, and records the verdict.
 */
import { schedule as cronTask, type ScheduledTask } from 'node-cron';
import { Condition } from '../batch/condition.ts';
import type { BatchListener } from '../batch/events.ts';
import { type BatchSettings, processRun, runTerms } from '../batch/run-batch.ts';
import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Database } from '../database/database.ts';
import { backOff } from '../database/retrying.ts';
import type { LoadedEngine } from '../engine/image.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';
import { decidedOf, type RunProgress } from '../model/run.ts';
import type { ClockState, Processor } from '../model/service.ts';
import type { PlannedSchedule } from '../schedule/schedule.ts';
import type { CurrentEngine, EngineNews } from './current-engine.ts';
import type { FleetClock } from './fleet-clock.ts';
import { Leader } from './leader.ts';
import type { ParityCheck } from './parity-checks.ts';
import { type DecidedFire, Planner } from './planner.ts';

/** What the service says while it lives; its log is made of this. */
export type ServiceEvent =
  | { readonly type: 'leader'; readonly isLeader: boolean; readonly owner: string | undefined }
  | { readonly type: 'fire'; readonly fire: DecidedFire }
  | { readonly type: 'run-joined'; readonly runId: number }
  | { readonly type: 'run-left'; readonly runId: number; readonly state: string; readonly users: number }
  | { readonly type: 'clock-jumped'; readonly jumpMs: number }
  | { readonly type: 'swept'; readonly rows: number }
  | EngineNews
  | { readonly type: 'trouble'; readonly what: string; readonly code: string; readonly message: string };

/** Watches over the fleet while its processor leads; see cli/alert-watch.ts. */
export interface Watcher {
  /** Called with each beat of the leader; `isNews`: a run was left or a slot decided since the last one. Never throws. */
  watch(now: number, isNews: boolean): Promise<void>;
  leads(leads: boolean): void;
  /** What this instance has just seen of the database's clock. */
  clockIs(clock: ClockState, now: number): void;
  /** A call of the database went wrong, or right again. */
  databaseIs(up: boolean, now: number, message?: string): void;
  /** The engine cannot be loaded, and why; or (undefined) it can. */
  engineIs(fault: string | undefined, now: number): void;
}

export interface ServiceOptions {
  readonly database: Database;
  readonly coordination: CoordinationDatabase;
  readonly settings: BatchSettings;
  readonly schedules: readonly PlannedSchedule[];
  readonly fireLateSeconds: number;
  readonly engine: CurrentEngine;
  readonly processor: Processor;
  readonly clock: FleetClock;
  /** What a slot of kind `parity` does. */
  readonly check: ParityCheck;
  readonly watcher?: Watcher | undefined;
  readonly onEvent: (event: ServiceEvent) => void;
  readonly batchListener: BatchListener;
}

/** How often the database is asked for a run to work on. */
const POLL_MS = 2_000;
const HOUR_MS = 3_600_000;
/** How often the engine's file is loaded again for a run that it did not fit. */
const LOOK_AGAIN_MS = 30_000;

/** A processor of the service, as above. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #leader: Leader;
  readonly #planner: Planner;
  readonly #leadCondition = new Condition();
  readonly #workCondition = new Condition();
  #wasLeader = false;
  /** A run was left, or a slot decided, and the watcher has not looked since. */
  #hasNews = false;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** When each loop last got all its answers, by the process's own clock, and the code of what went wrong; health looks at them. */
  readonly #answers = {
    lead: { at: Number.NEGATIVE_INFINITY, code: 'NOT_ASKED_YET' },
    work: { at: Number.NEGATIVE_INFINITY, code: 'NOT_ASKED_YET' },
  };
  /** A run may take longer than an answer is believed; its own steps say how the database is. */
  #isAtWork = false;
  /** The run that this processor's engine did not fit, and when that was seen. */
  #misfit: { readonly fingerprint: string; readonly at: number } | undefined;

  constructor(options: ServiceOptions) {
    const { database, coordination, processor, settings, schedules, engine, fireLateSeconds } = options;
    this.#options = options;
    this.#leader = new Leader(coordination, processor, settings.leaseSeconds, options.clock);
    this.#planner = new Planner({
      coordination,
      latestRun: () => database.readRun(null),
      schedules,
      terms: async userLimit => runTerms(await engine.load(), settings, 'batch', userLimit),
      processor: processor.id,
      lateMs: fireLateSeconds * 1000,
      check: options.check,
      clock: options.clock,
      onChecked: () => this.#leadCondition.notifyAll(),
    });
  }

  /** Why it is not ready: the code of the last bid, or the last read, that failed; undefined where both were answered lately. */
  get notReady(): string | undefined {
    const lately = Math.max(30_000, this.#options.settings.leaseSeconds * 2_000);
    const { lead, work } = this.#answers;
    const isOld = ({ at }: { at: number }) => performance.now() - at >= lately;
    if (isOld(lead)) return lead.code;
    return !this.#isAtWork && isOld(work) ? work.code : undefined;
  }

  /** Lives until the signal; then gives back what is in flight, and resigns. */
  async run(signal: AbortSignal): Promise<void> {
    const alarms = this.#options.schedules.map(({ cron, timeZone, name }) => this.#alarm(cron, timeZone, name));
    try {
      await Promise.all([
        this.#loop(signal, () => this.#lead(), 'lead'),
        this.#loop(signal, () => this.#work(signal), 'work'),
      ]);
    } finally {
      for (const alarm of alarms) await alarm.destroy();
      await this.#planner.abandon();
      await this.#leader.resign().catch(error => this.#trouble('resign', error));
    }
  }

  #alarm(cron: string, timezone: string, name: string): ScheduledTask {
    const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
    // A little late: the slot lies safely in the past by the database's clock, too.
    const wake = () => void setTimeout(() => this.#leadCondition.notifyAll(), 50);
    return cronTask(cron, wake, { timezone, name, unref: true, suppressMissedWarning: true, logger: quiet });
  }

  /** Repeats a step for ever; after a failure a little later each time. */
  async #loop(signal: AbortSignal, step: () => Promise<number>, what: 'lead' | 'work'): Promise<void> {
    const condition = what === 'lead' ? this.#leadCondition : this.#workCondition;
    let failures = 0;
    while (!signal.aborted) {
      let pause: number;
      try {
        pause = await step();
        failures = 0;
        this.#answers[what].at = performance.now();
        // A bid alone does not show that the database can be read.
        if (what === 'lead') this.#options.watcher?.databaseIs(true, this.#options.clock.now());
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        this.#trouble(what, error);
        pause = 500 + backOff('quick', Math.min(failures, 4)) * Math.min(failures, 10);
      }
      if (!signal.aborted) await condition.wait(pause, signal);
    }
  }

  #trouble(what: 'lead' | 'work' | 'resign', error: unknown): void {
    const code = error instanceof CardGeniusError ? error.code : 'FAILED';
    this.#options.onEvent({ type: 'trouble', what, code, message: messageOf(error) });
    if (what === 'resign') return;
    this.#answers[what].code = code;
    if (what !== 'lead') return;
    this.#options.watcher?.databaseIs(false, this.#options.clock.now(), messageOf(error));
  }

  /** A bid; and where it is won, all that a leader does. Answers how long until the next. */
  async #lead(): Promise<number> {
    const { settings, processor, watcher, clock, onEvent } = this.#options;
    const { isNew, clock: seen } = await this.#leader.renew(this.#options.engine.known?.version);
    if (seen.jumpMs !== undefined && seen.isNew) onEvent({ type: 'clock-jumped', jumpMs: Math.round(seen.jumpMs) });
    watcher?.clockIs(seen, clock.now());
    const { term, owner } = this.#leader;
    const isLeader = term !== undefined;
    if (isLeader !== this.#wasLeader || isNew) onEvent({ type: 'leader', isLeader, owner });
    this.#wasLeader = isLeader;
    watcher?.leads(isLeader);

    const pause = Math.min(10_000, (settings.leaseSeconds * 1000) / 3);
    if (term === undefined) {
      void this.#planner.abandon();
      return pause;
    }
    if (isNew) this.#planner.lookAgain();
    const stillLeads = await this.#planner.look(clock.now(), term.electedAt, fire => {
      this.#hasNews = true;
      if (fire.outcome === 'recorded') onEvent({ type: 'fire', fire });
      this.#workCondition.notifyAll();
    });
    if (!stillLeads) {
      this.#leader.stepDown();
      void this.#planner.abandon();
      return 0;
    }
    if (performance.now() - this.#sweptAt > HOUR_MS) await this.#sweep();
    if (this.#leader.term !== undefined) {
      const isNews = this.#hasNews;
      this.#hasNews = false;
      await watcher?.watch(clock.now(), isNews);
    }
    const { id } = processor;
    return this.#leader.owner === id ? Math.max(0, Math.min(pause, this.#planner.nextLook - clock.now())) : pause;
  }

  async #sweep(): Promise<void> {
    const rows = await this.#options.database.sweepStaging();
    this.#sweptAt = performance.now();
    if (rows > 0) this.#options.onEvent({ type: 'swept', rows });
  }

  /** Works on the active run, if there is one that goes on. Never opens one. */
  async #work(signal: AbortSignal): Promise<number> {
    const { database, settings, processor, onEvent, batchListener } = this.#options;
    const run = await database.readRun(null);
    if (run === undefined || (run.state !== 'running' && run.state !== 'stopped')) return POLL_MS;
    const engine = await this.#engineOf(run);
    if (engine === undefined) return POLL_MS;
    // Stopped by the last processor that left it: we are here.
    if (run.state === 'stopped' && (await database.changeRunState(run.runId, 'running', '')) === undefined) return 0;

    const { runId } = run;
    onEvent({ type: 'run-joined', runId });
    const opened = {
      outcome: 'joined', // also where a fire of this very processor planned it: record_fire opens, and this loop joins
      runId,
      state: 'running',
      chunks: run.chunksOpen + run.chunksLeased,
      users: run.plannedUsers - decidedOf(run),
      supersededId: null,
      batchId: run.batchId ?? null,
    } as const;
    this.#isAtWork = true;
    const { state, users } = await processRun(database, {
      settings,
      processor: processor.id,
      engine,
      run: opened,
      listener: batchListener,
      signal,
    }).finally(() => {
      this.#isAtWork = false;
      this.#answers.work.at = performance.now();
    });
    onEvent({ type: 'run-left', runId, state, users });
    this.#hasNews = true;
    this.#planner.lookAgain(); // a missed slot may wait for the end of this run
    this.#leadCondition.notifyAll();
    return POLL_MS;
  }

  /**
   * The engine of a run, where this processor has it. What was loaded last does where the built-in engine is concerned: its bytes are
   * kept. An engine of one's own is its file, and is loaded anew before each run. A run of another engine is for its own processors; it is
   * superseded by the next fire that finds no processor on it.
   */
  async #engineOf({ runId, fingerprint, engineName, engineVersion }: RunProgress): Promise<LoadedEngine | undefined> {
    const { engine, onEvent } = this.#options;
    const isKept = engine.known?.image.kind === 'built_in' && engine.known.fingerprint === fingerprint;
    if (isKept) return engine.known;
    const { fingerprint: misfit, at = 0 } = this.#misfit ?? {};
    if (misfit === fingerprint && performance.now() - at < LOOK_AGAIN_MS) return undefined;
    const found = await engine.tryToLoad();
    if (found?.fingerprint === fingerprint) return found;
    if (misfit !== fingerprint && found !== undefined) {
      const message = `Run ${runId} was opened with ${engineName} ${engineVersion}; ${found.name} ${found.version} of this processor has another fingerprint. The next fire that finds no processor on the run supersedes it.`;
      onEvent({ type: 'trouble', what: 'work', code: 'FINGERPRINT_MISMATCH', message });
    }
    this.#misfit = { fingerprint, at: performance.now() };
    return undefined;
  }
}
