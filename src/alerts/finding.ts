import type { RunProgress } from '../model/run.ts';
import type { ClockState, Fire, Severity } from '../model/service.ts';

/** What the rules look at. Times are milliseconds of the database's clock. */
export interface Snapshot {
  readonly now: number;
  /** The latest run that is no dry run, whatever its state. */
  readonly run: RunProgress | undefined;
  /** The latest of those that had users: an empty run says nothing of who failed before it. */
  readonly counted: RunProgress | undefined;
  /** That run as it was seen lately, ascending; the last one is now. */
  readonly samples: readonly Sample[];
  /**
   * Of each schedule that is configured the latest decided slot; and where that opened no run, those before it that did not. Where it was
   * skipped or unchecked, also the latest comparison before it.
   */
  readonly fires: readonly Fire[];
  /** What this machine, `host`, has seen of the database's clock. */
  readonly clock: ClockState | undefined;
  readonly host: string;
}

export interface Sample {
  readonly at: number;
  readonly runId: number;
  /** Users decided so far. */
  readonly decided: number;
  readonly chunksClosed: number;
  readonly isActive: boolean;
}

export interface Limits {
  readonly noProgressMinutes: number;
  readonly errorRateWarning: number;
  readonly errorRateCritical: number;
  readonly errorRateFromUsers: number;
  readonly usersPerMinuteWarning: number;
  readonly usersPerMinuteCritical: number;
  readonly throughputMinutes: number;
}

/** A rule that is broken now. */
export interface Finding {
  readonly rule: RuleName;
  readonly subject: string;
  readonly severity: Severity;
  /** What happened, and how bad it is. */
  readonly message: string;
  /** Where to look, if not where RULES says. */
  readonly look?: string;
  /** Another finding has the same cause and is sent: this one is not sent, and is not over either. */
  readonly isCovered?: boolean;
}

const FAILED = 'cardgenius errors';

/** Each rule, and the command that shows more. docs/operations.md has a section on each, of that name. */
export const RULES = {
  run_failed: 'cardgenius status',
  run_paused: 'cardgenius status',
  database_full: 'cardgenius status; make room, then: cardgenius resume',
  no_progress: 'cardgenius status; the service’s log',
  error_rate: FAILED,
  rows_wrong: 'cardgenius verify --csv FILE',
  deadline_at_risk: 'cardgenius status; another instance helps: cardgenius run',
  low_throughput: 'cardgenius status; the server’s load',
  clock_wrong: 'the clocks of the database server and of this machine (timedatectl); cardgenius schedule list',
  log_lost: 'the disk of the service’s log, or of its --log-dir (df -h)',
  fire_missed: 'cardgenius schedule list',
  fire_held: 'cardgenius status; then: cardgenius resume, or: cardgenius cancel',
  engine_unusable:
    'the file that the message names; an engine: cardgenius recommend --amazon 1000; a catalogue: cardgenius catalog check FILE',
  fire_not_opened:
    'cardgenius schedule list; replace the file (it loads where cardgenius recommend --amazon 1000 prints cards), then: cardgenius schedule run NAME',
  parity_low: 'cardgenius parity --url URL, which shows the causes; cardgenius catalog refresh --url URL',
  parity_unchecked: 'cardgenius schedule list; cardgenius parity --url URL --sample 1',
  users_failed: FAILED,
  database_unreachable: 'the database server, the network between, the service’s log',
} as const;
export type RuleName = keyof typeof RULES;

/** Where to look about an alert, by its rule; with the schedule that its subject names. */
export function lookOf(rule: string, subject: string): string {
  const look = RULES[rule as RuleName] ?? 'docs/operations.md';
  const [, schedule] = /^([\w.-]+), /.exec(subject) ?? [];
  return schedule === undefined ? look : look.replace('schedule run NAME', `schedule run ${schedule}`);
}

/** The section that says what an alert means and what to do. */
export const runbookOf = (rule: string): string => `docs/operations.md#${rule in RULES ? rule : 'alerts'}`;
