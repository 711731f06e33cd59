/** The rules on a run. */
import { GATE_GO_ON, RESUME } from '../model/codes.ts';
import { group, percent } from '../model/format.ts';
import { decidedOf, isGate, type RunProgress } from '../model/run.ts';
import type { Severity } from '../model/service.ts';
import type { Finding, Limits, RuleName, Sample, Snapshot } from './finding.ts';

type Rule = (snapshot: Snapshot, limits: Limits) => Finding | undefined;

const isActive = ({ state }: RunProgress) => state === 'running' || state === 'stopped';
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

const runPaused: Rule = snapshot => {
  const { run } = snapshot;
  if (run !== undefined && waitsSincePause(snapshot)) {
    const message = `Run ${run.runId} may go on after its pause, and no processor works on it: it was opened with ${run.engineName} ${run.engineVersion}. Its users wait.`;
    return finding('run_paused', run, 'warning', message);
  }
  if (run?.state !== 'paused') return undefined;
  const reason = run.reason ?? 'no reason given';
  if (FULL.test(reason)) {
    const message = `The database has no room: log or disk is full. Run ${run.runId} is paused: ${reason}.`;
    return finding('database_full', run, 'critical', message);
  }
  const why = reason.replace(/\.$/, '');
  if (!isGate(reason)) {
    const paused = finding(
      'run_paused',
      run,
      'warning',
      `Run ${run.runId} is paused: ${why}. No processor works on it.`,
    );
    const look = `cardgenius status; who paused it: cardgenius runs show ${run.runId}; the cause removed: ${RESUME}; or: cardgenius cancel`;
    return { ...paused, look };
  }
  const held = finding(
    'run_paused',
    run,
    'warning',
    `Run ${run.runId} is held at a gate: ${why}. No processor works on it.`,
  );
  return { ...held, look: `cardgenius status; ${GATE_GO_ON}` };
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
  const message = `${percent(rate, 2)} of the users of run ${run.runId} fail: ${group(run.failed)} of ${group(users)}.`;
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

/** The run was paused, may go on, and no processor has done anything for it since: one with another engine leaves it alone. */
export function waitsSincePause({ run, samples }: Pick<Snapshot, 'run' | 'samples'>): boolean {
  if (run === undefined || !isActive(run) || run.chunksOpen === 0 || run.chunksLeased > 0) return false;
  const since = atWork(samples, run);
  const decided = decidedOf(run);
  return (
    samples.some(({ runId, isActive }) => runId === run.runId && !isActive) &&
    since.every(sample => sample.decided === decided && sample.chunksClosed === run.chunksClosed)
  );
}

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

export const ON_RUN: readonly Rule[] = [
  runFailed,
  runPaused,
  noProgress,
  errorRate,
  deadlineAtRisk,
  lowThroughput,
  usersFailed,
  rowsWrong,
];
