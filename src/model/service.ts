/** What a service that runs for months remembers: slots of schedules, who leads, what is wrong. */
import type { Actor } from './act.ts';
import type { RunState, RunTerms } from './run.ts';

/**
 * What became of a slot. `overlapped`: a run was active, and did its work; `held`: a paused run stood in its way;
 * `not_opened`: the engine could not be loaded. Of a schedule of kind `parity`: what its comparison says.
 */
export type FireDecision =
  | 'ran'
  | 'caught_up'
  | 'skipped'
  | 'overlapped'
  | 'manual'
  | 'held'
  | 'not_opened'
  | ParityVerdict['decision'];

/** What a comparison with the API says. `unchecked`: it could not be made; the note says why. */
export interface ParityVerdict {
  readonly decision: 'agreed' | 'differed' | 'unchecked';
  readonly note: string;
}

export interface FireRequest {
  readonly schedule: string;
  /** The time of the slot, not the time at which it was decided. */
  readonly plannedAt: Date;
  readonly decision: Exclude<FireDecision, 'overlapped' | 'held'>;
  readonly note: string | null;
  /** The processor that decides. */
  readonly decidedBy: string;
  /** The leader's term; null where a person asks. */
  readonly electedAt: Date | null;
  readonly deadlineMinutes: number | null;
  /** The person that asks, for a fire by hand. */
  readonly by?: Actor | undefined;
  readonly run: RunTerms;
}

export interface FireAnswer {
  /** `known`: it was recorded before, as `decision` says; `not_leader`: nothing was recorded. */
  readonly outcome: 'recorded' | 'known' | 'not_leader';
  readonly decision: FireDecision;
  readonly runId: number | null;
  /** The run that this fire put an end to. */
  readonly supersededId: number | null;
}

export interface Fire {
  readonly schedule: string;
  readonly plannedAt: Date;
  readonly decision: FireDecision;
  readonly decidedAt: Date;
  readonly decidedBy: string;
  readonly runId: number | null;
  readonly note: string | null;
  readonly runState: RunState | null;
  readonly runFinishedAt: Date | null;
}

/** Slots after both are due; slots before `knownSince` were never missed. */
export interface ScheduleState {
  readonly knownSince: Date;
  readonly lastPlanned: Date | null;
}

/** A process of the fleet. */
export interface Processor {
  /** host:pid:random, as in leases. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Of its engine, as it was loaded last; `none` where it could not be loaded yet. */
  readonly version: string;
}

/** A process of the fleet as others see it. */
export interface SeenProcessor extends Processor {
  readonly startedAt: Date;
  readonly lastSeen: Date;
  /** Null: it did not say goodbye. */
  readonly stoppedAt: Date | null;
  /** How long ago it was last seen, by the database's clock; never negative. */
  readonly silentSeconds: number;
  readonly leads: boolean;
}

/** How long a silent processor is shown: one that was just killed is still seen within the hour. */
const PRESENT_SECONDS = 3_600;

/** Whether a processor is at work: it has not left, nor been silent for an hour. */
export function isPresent({ stoppedAt, silentSeconds }: SeenProcessor): boolean {
  return stoppedAt === null && silentSeconds < PRESENT_SECONDS;
}

/** The leader and its term: owner and electedAt. All times are the database's. */
export interface Leadership {
  readonly owner: string;
  readonly electedAt: Date;
  readonly leaseUntil: Date;
  readonly now: Date;
  /** By how much the clock was set back since the last lease was given, where that cannot be true; else 0. */
  readonly clockBackSeconds: number;
}

/** What a processor has seen of the database's clock, by one that is never set. */
export interface ClockState {
  /** By how much the time is off what was expected: what is kept in memory is moved along. */
  readonly movedMs: number;
  /** By how much the clock has jumped, while that is not believed yet. */
  readonly jumpMs: number | undefined;
  /** It has jumped just now. */
  readonly isNew: boolean;
  /** By how much the database's clock is ahead of this machine's, where that is more than five minutes; else 0. */
  readonly apartMs: number;
}

export type Severity = 'warning' | 'critical';

/** A rule that is broken, as the database is told. */
export interface AlertRequest {
  readonly rule: string;
  /** The run, schedule or database that it is about. */
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remindSeconds: number;
  /** When it began, where that could not be written at once. */
  readonly openedAt: Date | null;
  /** The processor that tells it. */
  readonly teller: string;
}

/** The commonest code among users who failed. */
export interface CommonFailure {
  /** Null where the reason was not written by us. */
  readonly code: string | null;
  /** How many of those looked at have this code. */
  readonly users: number;
  /** Failed users looked at. */
  readonly seen: number;
  /** One of their reasons, as it stands in the table: it may hold amounts. */
  readonly example: string | null;
}

export interface Alert {
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}

/** `opened` and `reminded` are to be told; `open` is not. */
export interface RaisedAlert {
  readonly alertId: number;
  readonly outcome: 'opened' | 'reminded' | 'open';
  readonly openedAt: Date;
}

/** An alert as its teller knows it. */
export interface StoredAlert extends Alert {
  readonly alertId: number;
}

/** `teller`: the processor that tells that it is over. */
export interface ClosedAlert extends StoredAlert {
  readonly teller: string;
}
