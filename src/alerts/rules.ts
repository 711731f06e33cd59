import { decidedOf, isGate, type RunProgress } from '../model/run.ts';
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
  /** Where to look, where it is not what RULES says. */
  readonly look?: string;
  /** Another finding has the same cause and is sent: this one is not sent, and is not over either. */
  readonly isCovered?: boolean;
}

const FAILED = 'cardgenius errors (a reader’s login)';

/** Each rule, and the command that shows more. docs/operations.md has a section on each, of that name. */
export const RULES = {
  run_failed: 'cardgenius status',
  run_paused: 'cardgenius status; then: cardgenius resume',
  database_full: 'cardgenius status; make room, then: cardgenius resume',
  no_progress: 'cardgenius status; the service’s log',
  error_rate: FAILED,
  rows_wrong: 'cardgenius verify --csv FILE (a reader’s login)',
  deadline_at_risk: 'cardgenius status; another instance helps: cardgenius run',
  low_throughput: 'cardgenius status; the server’s load',
  clock_wrong: 'the clocks of the database server and of this machine (timedatectl); cardgenius schedule list',
  fire_missed: 'cardgenius schedule list',
  fire_held: 'cardgenius status; then: cardgenius resume, or: cardgenius cancel',
  engine_unusable: 'the file that the message names; cardgenius catalog check FILE',
  fire_not_opened: 'cardgenius schedule list; replace the file, then: cardgenius schedule run NAME',
  parity_low: 'cardgenius parity --url URL, which shows the causes; cardgenius catalog refresh --url URL',
  parity_unchecked: 'cardgenius schedule list; cardgenius parity --url URL --sample 1',
  users_failed: FAILED,
  database_unreachable: 'the database server, the network between, the service’s log',
} as const;
/** Of a run that a gate holds: resumed alone, it pauses again. */
const LOOK_AT_GATE =
  'cardgenius status; fix the cause, then: cardgenius resume; or to pass: cardgenius resume --accept-gate';
export type RuleName = keyof typeof RULES;

type Rule = (snapshot: Snapshot, limits: Limits) => Finding | undefined;

const isActive = ({ state }: RunProgress) => state === 'running' || state === 'stopped';
const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
const group = (value: number) => Math.round(value).toLocaleString('en-US');
const minutes = (milliseconds: number) => `${Math.round(milliseconds / 60_000)} min`;

/** A run paused because the database had no room for more: the class `exhausted`, by the codes that it pauses with. */
const FULL = /^(MSSQL_(9002|1101|1105|3257|5149)|POSTGRES_(53100|58030)|DISK_\w+|\w*DISK_FULL)\b/;

export function sampleOf(run: RunProgress, at: number): Sample {
  return { at, runId: run.runId, decided: decidedOf(run), chunksClosed: run.chunksClosed, isActive: isActive(run) };
}

const runFailed: Rule = ({ run }) =>
  run?.state === 'failed'
    ? finding('run_failed', run, 'critical', `Run ${run.runId} has failed: ${run.reason ?? 'no reason given'}.`)
    : undefined;

const runPaused: Rule = ({ run }) => {
  if (run?.state !== 'paused') return undefined;
  const reason = run.reason ?? 'no reason given';
  if (FULL.test(reason)) {
    const message = `The database has no room: log or disk is full. Run ${run.runId} is paused: ${reason}.`;
    return finding('database_full', run, 'critical', message);
  }
  const why = reason.replace(/\.$/, '');
  if (!isGate(reason))
    return finding('run_paused', run, 'warning', `Run ${run.runId} is paused: ${why}. No processor works on it.`);
  const held = finding(
    'run_paused',
    run,
    'warning',
    `Run ${run.runId} is held at a gate: ${why}. No processor works on it.`,
  );
  return { ...held, look: LOOK_AT_GATE };
};

const noProgress: Rule = ({ now, run, samples }, { noProgressMinutes }) => {
  if (run === undefined || !isActive(run)) return undefined;
  const decided = decidedOf(run);
  const stuckFrom =
    atWork(samples, run).find(sample => sample.decided === decided && sample.chunksClosed === run.chunksClosed)?.at ??
    now;
  if (now - stuckFrom < noProgressMinutes * 60_000) return undefined;
  const message = `Run ${run.runId} (${run.state}) has closed no chunk for ${minutes(now - stuckFrom)}: ${group(decided)} of ${group(run.plannedUsers)} users.`;
  return finding('no_progress', run, 'critical', message);
};

const errorRate: Rule = ({ counted: run }, { errorRateWarning, errorRateCritical, errorRateFromUsers }) => {
  if (run === undefined) return undefined;
  const users = run.completed + run.failed;
  const rate = users === 0 ? 0 : run.failed / users;
  if (users < errorRateFromUsers || rate <= errorRateWarning) return undefined;
  const message = `${percent(rate)} of the users of run ${run.runId} fail: ${group(run.failed)} of ${group(users)}.`;
  return finding('error_rate', run, rate > errorRateCritical ? 'critical' : 'warning', message);
};

const deadlineAtRisk: Rule = ({ now, run, samples }, { throughputMinutes }) => {
  if (run?.deadlineAt == null || !isActive(run)) return undefined;
  const deadline = run.deadlineAt.getTime();
  const left = run.plannedUsers - decidedOf(run);
  const over = now > deadline;
  const perMs = rateOf(samples, run, now, throughputMinutes) ?? 0;
  const eta = left <= 0 ? now : perMs > 0 ? now + left / perMs : undefined;
  // Too early to tell: less than a minute of work seen, and time left.
  const watchedFrom = Math.max(run.startedAt.getTime(), atWork(samples, run)[0]?.at ?? now);
  const tooEarly = perMs === 0 && now - watchedFrom < 60_000;
  if (!over && (tooEarly || (eta !== undefined && eta <= deadline))) return undefined;
  const when = eta === undefined ? 'never, at this pace' : `at about ${new Date(eta).toISOString()}`;
  const verb = over ? 'was due' : 'is due';
  const message = `Run ${run.runId} ${verb} ${run.deadlineAt.toISOString()} and ends ${when}: ${group(left)} users left.`;
  return finding('deadline_at_risk', run, 'critical', message);
};

const lowThroughput: Rule = ({ now, run, samples }, limits) => {
  if (run === undefined || run.state !== 'running' || run.chunksOpen + run.chunksLeased === 0) return undefined;
  const span = limits.throughputMinutes * 60_000;
  const [seen] = atWork(samples, run);
  if (seen === undefined || now - seen.at < span) return undefined;
  const perMinute = (rateOf(samples, run, now, limits.throughputMinutes) ?? 0) * 60_000;
  if (perMinute >= limits.usersPerMinuteWarning) return undefined;
  const message = `Run ${run.runId} does ${group(perMinute)} users a minute over ${limits.throughputMinutes} min, with ${run.chunksOpen} chunks open.`;
  return finding('low_throughput', run, perMinute < limits.usersPerMinuteCritical ? 'critical' : 'warning', message);
};

const usersFailed: Rule = ({ counted: run }) => {
  if (run?.state !== 'done' || run.failed === 0) return undefined;
  const message = `Run ${run.runId} is done, and ${group(run.failed)} users are left failed: they keep last week's cards.`;
  return finding('users_failed', run, 'warning', message);
};

/** The counted run: an empty run after it says nothing about its rows. */
const rowsWrong: Rule = ({ counted: run }) => {
  if (run?.violations === undefined || run.violations === 0) return undefined;
  const message = `${group(run.violations)} users of run ${run.runId} have rows that cannot be right, seen as they were published (in one chunk: ${run.violated}).`;
  return finding('rows_wrong', run, 'critical', message);
};

/** The samples since the run was last paused: before that no processor was meant to work. */
function atWork(samples: readonly Sample[], { runId }: RunProgress): Sample[] {
  const mine = samples.filter(sample => sample.runId === runId);
  return mine.slice(mine.findLastIndex(sample => !sample.isActive) + 1);
}

/** Users a millisecond over the window, or since the first sample within it. */
function rateOf(samples: readonly Sample[], run: RunProgress, now: number, windowMinutes: number): number | undefined {
  const from = now - windowMinutes * 60_000;
  const mine = atWork(samples, run);
  const first = mine.findLast(({ at }) => at <= from) ?? mine[0];
  if (first === undefined || first.at >= now) return undefined;
  return (decidedOf(run) - first.decided) / (now - first.at);
}

function finding(rule: RuleName, { runId }: RunProgress, severity: Severity, message: string): Finding {
  return { rule, subject: `run ${runId}`, severity, message };
}

function* missedFires({ fires }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decision, note, runId } of fires) {
    if (decision !== 'skipped' && decision !== 'caught_up') continue;
    const then = decision === 'skipped' ? 'skipped' : `caught up by run ${runId}`;
    const message = `The fire of ${schedule} at ${plannedAt.toISOString()} was missed, and ${then}: ${note ?? ''}.`;
    yield { rule: 'fire_missed', subject: schedule, severity: 'warning', message };
  }
}

/** Slots that opened no run: each is an alert of its own, until its paused run goes on or is over, or a later run is opened. */
function* lostFires({ fires, run }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decidedAt, decision, note, runId, runState } of fires) {
    const slot = plannedAt.toISOString();
    const subject = `${schedule}, ${slot}`;
    if (decision === 'held' && runState === 'paused') {
      const message = `The fire of ${schedule} at ${slot} opened no run: ${note ?? `run ${runId} is paused`}. Its users wait.`;
      yield { rule: 'fire_held', subject, severity: 'critical', message };
    } else if (decision === 'not_opened' && !(run !== undefined && run.startedAt > decidedAt)) {
      const message = `The fire of ${schedule} at ${slot} opened no run: ${note ?? 'the engine could not be loaded'}`;
      yield { rule: 'fire_not_opened', subject, severity: 'critical', message };
    }
  }
}

/** What the latest comparison with the API says; one that could not be made does not end what the one before it said. */
function* parity({ fires }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decision, note } of fires) {
    const check = `The check of ${schedule} at ${plannedAt.toISOString()}`;
    if (decision === 'differed') {
      const message = `${check} finds our cards and the API’s too far apart: ${note ?? ''}`;
      yield { rule: 'parity_low', subject: schedule, severity: 'critical', message };
    } else if (decision === 'unchecked') {
      const message = `${check} could not be made: ${note ?? ''}`;
      yield { rule: 'parity_unchecked', subject: schedule, severity: 'warning', message };
    }
  }
}

/** Slots are due by the database's clock: where it jumps or is far from this machine's, one of the two is wrong. */
export function* clockWrong({ clock, host }: Pick<Snapshot, 'clock' | 'host'>): Generator<Finding> {
  if (clock === undefined) return;
  const { jumpMs, apartMs } = clock;
  const about = { rule: 'clock_wrong', subject: 'database', severity: 'critical' } as const;
  if (jumpMs !== undefined && jumpMs > 0) {
    const message = `The database’s clock has jumped ${span(jumpMs)} ahead, as ${host} sees it (or ${host} was suspended). No slot is decided for five minutes; a time that still holds then is believed. Where it is wrong, put it right.`;
    yield { ...about, message };
  } else if (jumpMs !== undefined) {
    const message = `The database’s clock was set back by ${span(jumpMs)}, as ${host} sees it. Slots that were decided in what is now the future are decided anew${clock.apartMs === 0 ? '' : `, once its clock agrees with that of ${host}`}. Where this time is wrong, put it right.`;
    yield { ...about, message };
  } else if (apartMs !== 0) {
    const message = `The database’s clock is ${span(apartMs)} ${apartMs > 0 ? 'ahead of' : 'behind'} that of ${host}. Slots are due by the database’s. Put right the one that is wrong.`;
    yield { ...about, message };
  }
}

/** `40 d`, `3 h 5 min`, `2 min`. */
function span(milliseconds: number): string {
  const whole = Math.round(Math.abs(milliseconds) / 60_000);
  const [days, hours, minutes] = [Math.floor(whole / 1_440), Math.floor(whole / 60) % 24, whole % 60];
  const parts = [days > 0 && `${days} d`, hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`];
  return parts.filter(part => part !== false).join(' ');
}

const ON_RUN: readonly Rule[] = [
  runFailed,
  runPaused,
  noProgress,
  errorRate,
  deadlineAtRisk,
  lowThroughput,
  usersFailed,
  rowsWrong,
];

/** Everything that is wrong now. Pure: the same snapshot, the same findings. */
export function findingsOf(snapshot: Snapshot, limits: Limits): Finding[] {
  const onRun = ON_RUN.map(rule => rule(snapshot, limits)).filter(found => found !== undefined);
  return [
    ...oneForACause(onRun, snapshot),
    ...missedFires(snapshot),
    ...lostFires(snapshot),
    ...parity(snapshot),
    ...clockWrong(snapshot),
  ];
}

/** Two alerts for one cause are one: the first of these rules tells it, at the worse severity of both. */
function oneForACause(found: readonly Finding[], { run }: Snapshot): Finding[] {
  const causes: (readonly [RuleName, RuleName])[] = [
    ['error_rate', 'users_failed'], // the share says what the count would
    ['no_progress', 'low_throughput'],
    ['no_progress', 'deadline_at_risk'],
    ['deadline_at_risk', 'low_throughput'],
  ];
  // The gate was shut by the failed users: its reason has their share, and the commonest code.
  if (run?.reason?.startsWith('GATE_FAILED_SHARE')) causes.unshift(['run_paused', 'error_rate']);
  const findings = new Map(found.map(one => [one.rule, one]));
  for (const [rule, covered] of causes) {
    const [told, other] = [findings.get(rule), findings.get(covered)];
    if (told === undefined || other === undefined) continue;
    if (other.severity === 'critical') findings.set(rule, { ...told, severity: 'critical' });
    findings.set(covered, { ...other, isCovered: true });
  }
  return [...findings.values()];
}
