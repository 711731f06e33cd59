import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import test from 'ava';
import { AlertMonitor, type MonitorOptions } from '../../src/alerts/alert-monitor.ts';
import { openChannels, signatureOf, textOf } from '../../src/alerts/channels.ts';
import { RULES, type RuleName, type Sample, type Snapshot } from '../../src/alerts/finding.ts';
import type { Notice } from '../../src/alerts/notice.ts';
import { Notifier, type Trouble } from '../../src/alerts/notifier.ts';
import { findingsOf } from '../../src/alerts/rules.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import type { RunProgress } from '../../src/model/run.ts';
import { Secret } from '../../src/model/secret.ts';
import type { AlertRequest, CommonFailure, Fire, StoredAlert } from '../../src/model/service.ts';
import { startHttp, startSmtp } from '../support/receivers.ts';

const { thresholds: LIMITS } = await loadSettings({ env: {}, cwd: import.meta.dirname });
const MINUTE = 60_000;
const NOW = Date.parse('2026-11-23T03:00:00Z');

const run = (overrides: Partial<RunProgress> = {}): RunProgress => ({
  runId: 7,
  kind: 'batch',
  state: 'running',
  reason: null,
  round: 1,
  engineName: 'e',
  engineVersion: '1',
  fingerprint: 'f',
  gateAccepted: false,
  requestedBy: 'schedule weekly',
  deadlineAt: null,
  startedAt: new Date(NOW - 20 * MINUTE),
  finishedAt: null,
  chunks: 10,
  chunksOpen: 5,
  chunksLeased: 1,
  chunksClosed: 4,
  plannedUsers: 100_000,
  completed: 40_000,
  failed: 0,
  changed: 0,
  gone: 0,
  rowsWritten: 0,
  rowsUnchanged: 0,
  failures: 0,
  ...overrides,
});

const fire = (overrides: Partial<Fire> = {}): Fire => ({
  schedule: 'weekly',
  plannedAt: new Date(NOW - MINUTE),
  decision: 'ran',
  decidedAt: new Date(NOW),
  decidedBy: 'a',
  runId: 7,
  note: null,
  runState: 'running',
  runFinishedAt: null,
  ...overrides,
});

const sample = (minutesAgo: number, decided: number, chunksClosed = 4): Sample => ({
  at: NOW - minutesAgo * MINUTE,
  runId: 7,
  decided,
  chunksClosed,
  isActive: true,
});

const snapshot = (overrides: Partial<Snapshot> = {}): Snapshot => ({
  now: NOW,
  run: run(),
  counted: 'run' in overrides ? overrides.run : run(),
  samples: [sample(6, 20_000, 2), sample(1, 36_000, 3), sample(0, 40_000)],
  fires: [fire()],
  clock: undefined,
  host: 'here',
  ...overrides,
});

const broken = (overrides: Partial<Snapshot>) =>
  findingsOf(snapshot(overrides), LIMITS)
    .filter(({ isCovered }) => isCovered !== true)
    .map(({ rule, severity }) => `${rule} ${severity}`);

test('rules: the severities of the PRD, warning above 1 % and critical above 5 %, are two settings; ours are stricter', async t => {
  const { thresholds } = await loadSettings({
    env: {
      CARDGENIUS_THRESHOLDS_ERROR_RATE_WARNING: '0.01',
      CARDGENIUS_THRESHOLDS_ERROR_RATE_CRITICAL: '0.05',
    },
    cwd: import.meta.dirname,
  });
  const severityOf = (failed: number, limits: typeof LIMITS) =>
    findingsOf(snapshot({ run: run({ completed: 10_000 - failed, failed }), samples: [] }), limits).find(
      ({ rule }) => rule === 'error_rate',
    )?.severity;
  t.deepEqual(
    [10, 11, 100, 101, 500, 501].map(failed => severityOf(failed, LIMITS)),
    [undefined, 'warning', 'warning', 'critical', 'critical', 'critical'],
  );
  t.deepEqual(
    [10, 11, 100, 101, 500, 501].map(failed => severityOf(failed, thresholds)),
    [undefined, undefined, undefined, 'warning', 'warning', 'critical'],
  );
});

test('rules: a run that goes well breaks none; nor does none at all', t => {
  t.deepEqual(broken({}), []);
  t.deepEqual(broken({ run: undefined, samples: [], fires: [] }), []);
  t.deepEqual(broken({ run: run({ state: 'done', completed: 100_000 }) }), []);
});

/** Each rule, broken by one snapshot and held by the other. */
const slow = [sample(6, 39_000, 3), sample(0, 40_000)];
const CASES: Readonly<Record<string, [broken: Partial<Snapshot>, expected: string, holds: Partial<Snapshot>]>> = {
  'run failed': [{ run: run({ state: 'failed', reason: 'boom' }) }, 'run_failed critical', { run: run() }],
  'run paused': [
    { run: run({ state: 'paused', reason: 'by an operator' }) },
    'run_paused warning',
    { run: run({ state: 'cancelled', reason: 'by an operator' }) },
  ],
  'log full': [
    { run: run({ state: 'paused', reason: 'MSSQL_9002: the transaction log is full' }) },
    'database_full critical',
    { run: run() },
  ],
  'disk full': [{ run: run({ state: 'paused', reason: 'POSTGRES_53100: disk full' }) }, 'database_full critical', {}],
  'no progress': [
    { samples: [sample(15, 40_000), sample(0, 40_000)], run: run({ chunksOpen: 0, chunksLeased: 0 }) },
    'no_progress critical',
    { samples: [sample(14, 40_000), sample(0, 40_000)], run: run({ chunksOpen: 0, chunksLeased: 0 }) },
  ],
  'error rate, warning': [
    { run: run({ completed: 9_980, failed: 20 }), samples: [] },
    'error_rate warning',
    { run: run({ completed: 9_990, failed: 10 }), samples: [] },
  ],
  'error rate, critical': [
    { run: run({ completed: 9_890, failed: 110 }), samples: [] },
    'error_rate critical',
    { run: run({ completed: 900, failed: 99 }), samples: [] },
  ],
  'deadline, by the ETA': [
    { run: run({ deadlineAt: new Date(NOW + 10 * MINUTE) }), samples: [sample(10, 30_000, 3), sample(0, 40_000)] },
    'deadline_at_risk critical',
    { run: run({ deadlineAt: new Date(NOW + 61 * MINUTE) }), samples: [sample(10, 30_000, 3), sample(0, 40_000)] },
  ],
  'deadline, passed': [
    { run: run({ deadlineAt: new Date(NOW - MINUTE) }) },
    'deadline_at_risk critical',
    { run: run({ deadlineAt: new Date(NOW - MINUTE), state: 'done' }) },
  ],
  'throughput, warning': [{ samples: slow }, 'low_throughput warning', { samples: slow.slice(1) }],
  'throughput, critical': [
    { samples: [sample(6, 39_700, 3), sample(0, 40_000)] },
    'low_throughput critical',
    { samples: [sample(6, 39_700, 3), sample(0, 40_000)], run: run({ chunksOpen: 0, chunksLeased: 0 }) },
  ],
  'rows that cannot be right': [
    { run: run({ state: 'done', completed: 100_000, violations: 3, violated: 'order_by_net 3' }), samples: [] },
    'rows_wrong critical',
    { run: run({ state: 'done', completed: 100_000, violations: 0, violated: null }), samples: [] },
  ],
  'fire skipped': [
    { fires: [fire({ decision: 'skipped', note: 'no leader was there', runId: null })] },
    'fire_missed warning',
    { fires: [fire({ decision: 'overlapped' })] },
  ],
  'fire caught up': [{ fires: [fire({ decision: 'caught_up' })] }, 'fire_missed warning', {}],
  'fire held': [
    { fires: [fire({ decision: 'held', runState: 'paused', note: 'run 7 is paused: by the DBA' })] },
    'fire_held critical',
    { fires: [fire({ decision: 'held', runState: 'running' })] },
  ],
  'fire not opened': [
    { fires: [fire({ decision: 'not_opened', runId: null, note: 'CATALOG_INVALID: …' })] },
    'fire_not_opened critical',
    { fires: [fire({ decision: 'not_opened', runId: null, decidedAt: new Date(NOW - 60 * MINUTE) })] },
  ],
  'parity below': [
    { fires: [fire({ decision: 'differed', runId: null, note: '90 of 100 users agree.' })] },
    'parity_low critical',
    { fires: [fire({ decision: 'agreed', runId: null })] },
  ],
  'parity not checked': [
    { fires: [fire({ decision: 'unchecked', runId: null, note: 'API_FAILED: …' })] },
    'parity_unchecked warning',
    { fires: [fire({ decision: 'agreed', runId: null })] },
  ],
  'users left failed': [
    { run: run({ state: 'done', completed: 99_999, failed: 1 }) },
    'users_failed warning',
    { run: run({ state: 'done', runId: 8, completed: 99_999 }) },
  ],
};
for (const [title, [bad, expected, good]] of Object.entries(CASES)) {
  test(`rules: ${title}`, t => {
    t.deepEqual(broken(bad), [expected]);
    t.deepEqual(broken(good), []);
  });
}

test('where to look about a lost slot names its schedule, to be typed as it stands', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ look }) => told.push(look));
  database.run = undefined;
  database.fires = [fire({ decision: 'not_opened', runId: null, note: 'CATALOG_INVALID: …' })];
  await monitor.watch(NOW);
  t.regex(told.join(), /then: cardgenius schedule run weekly$/);
});

test('a gate that holds a run has another look than a pause', t => {
  const lookOf = (reason: string) => findingsOf(snapshot({ run: run({ state: 'paused', reason }) }), LIMITS)[0]!;
  const held = lookOf('GATE_FAILED_SHARE: 603 of the first 10000 users. To go on all the same: cardgenius resume');
  t.regex(held.look ?? '', /cardgenius resume --accept-gate/);
  t.regex(
    held.message,
    /^Run 7 is held at a gate: GATE_FAILED_SHARE: .* cardgenius resume\. No processor works on it\.$/,
  );
  t.regex(
    lookOf('the gate is green').look ?? '',
    /runs show 7; the cause removed: cardgenius resume/,
    'an operator’s word',
  );
  const told: string[] = [];
  const { monitor, database } = keep(({ look }) => told.push(look));
  database.run = run({ state: 'paused', reason: 'GATE_FIRST_CARDS: 301 of 1000 users.' });
  return monitor.watch(NOW).then(() => t.regex(told.join(), /--accept-gate/));
});

test('rules: what was seen before and during a pause says nothing of the run that goes on', t => {
  const paused = (minutesAgo: number): Sample => ({ ...sample(minutesAgo, 40_000), isActive: false });
  const samples = [sample(40, 20_000, 2), sample(31, 40_000), paused(30), paused(1), sample(0, 40_000)];
  t.deepEqual(broken({ samples }), [], 'just resumed');
  t.deepEqual(broken({ samples, run: run({ deadlineAt: new Date(NOW + 60 * MINUTE) }) }), [], 'no pace is known yet');
  const stuck = [sample(40, 20_000, 2), paused(30), sample(16, 40_000), sample(0, 40_000)];
  t.deepEqual(broken({ samples: stuck }), ['no_progress critical']);
});

test('a dry run neither opens alerts nor closes those of the real run', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, rule, subject }) => told.push(`${state} ${rule} ${subject}`));
  database.run = run({ state: 'failed' });
  await monitor.watch(NOW);
  database.before = [database.run];
  database.run = run({ runId: 8, kind: 'dry_run', state: 'done', completed: 9_000, failed: 1_000 });
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told, ['opened run_failed run 7']);
  database.before = [];
  await monitor.watch(NOW + 2 * MINUTE);
  t.deepEqual(told, ['opened run_failed run 7', 'closed run_failed run 7'], 'it is history');
});

test('a run without a due user does not close the alert about users who failed before it', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, rule, subject }) => told.push(`${state} ${rule} ${subject}`));
  database.run = run({ state: 'done', completed: 99_800, failed: 200 });
  await monitor.watch(NOW);
  t.deepEqual(told.splice(0), ['opened error_rate run 7']);
  const failed = database.run;
  database.before = [failed];
  database.run = run({ runId: 8, state: 'done', plannedUsers: 0, completed: 0, chunks: 0, chunksOpen: 0, chunksLeased: 0, chunksClosed: 0 }); // biome-ignore format: one line
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told, [], 'they are still failed');
  database.before = [database.run, failed];
  database.run = run({ runId: 9, state: 'done', plannedUsers: 200, completed: 200 });
  database.failed = [7];
  await monitor.watch(NOW + 2 * MINUTE);
  t.deepEqual(told, [], 'a later run with users says nothing of them either');
  database.failed = [];
  await monitor.watch(NOW + 8 * MINUTE);
  t.deepEqual(told, ['closed error_rate run 7']);
});

test('a missed slot is told of the schedules that are configured, however many fires of others come between', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const options = {
    limits: LIMITS,
    reminderMinutes: 240,
    host: 'here',
    processor: 'here:1',
    onError: (error: unknown) => t.fail(String(error)),
  };
  const notify = ({ state, subject }: Notice) => told.push(`${state} ${subject}`);
  const missed = (schedule: string) => fire({ schedule, decision: 'skipped', runId: null });
  const minutely = Array.from({ length: 300 }, () => fire({ schedule: 'minutely' }));
  database.fires = [...minutely, fire({ decision: 'manual' }), missed('weekly'), missed('renamed')];
  const before = new AlertMonitor({ ...options, notify, schedules: ['minutely', 'weekly', 'renamed'] });
  before.use(database, database);
  await before.watch(NOW);
  t.deepEqual(told, ['opened weekly', 'opened renamed']);
  const after = new AlertMonitor({ ...options, notify, schedules: ['minutely', 'weekly'] });
  after.use(database, database);
  await after.watch(NOW);
  t.deepEqual(told.slice(2), ['closed renamed']);
});

test('each slot that a paused run holds is an alert of its own, and they are over when that run goes on', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, subject, severity }) => told.push(`${state} ${subject} ${severity}`));
  const held = (day: number, runState: 'paused' | 'running') =>
    fire({ decision: 'held', plannedAt: new Date(Date.UTC(2026, 10, day)), runState });
  database.fires = [held(16, 'paused'), fire()];
  await monitor.watch(NOW);
  database.fires = [held(23, 'paused'), fire({ decision: 'manual' }), ...database.fires];
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told.splice(0), [
    'opened weekly, 2026-11-16T00:00:00.000Z critical',
    'opened weekly, 2026-11-23T00:00:00.000Z critical',
  ]);
  database.fires = [held(23, 'running'), held(16, 'running'), fire()];
  await monitor.watch(NOW + 2 * MINUTE);
  t.is(told.filter(line => line.startsWith('closed')).length, 2);
});

test('a resumed run that no processor works on keeps its alerts open until one does', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, rule }) => told.push(`${state} ${rule}`));
  const idle = { chunksLeased: 0, engineVersion: '6' };
  database.run = run({ ...idle, state: 'paused', reason: 'a look at the figures' });
  database.fires = [fire({ decision: 'held', runState: 'paused' })];
  await monitor.watch(NOW);
  t.deepEqual(told.splice(0), ['opened run_paused', 'opened fire_held']);
  database.run = run(idle);
  database.fires = [fire({ decision: 'held', runState: 'running' })];
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told, [], 'the engine was replaced meanwhile');
  const paused = [{ ...sample(2, 40_000), isActive: false }, sample(0, 40_000)];
  const [found] = findingsOf(snapshot({ run: run(idle), samples: paused }), LIMITS);
  t.regex(found!.message, /Run 7 may go on after its pause, and no processor works on it: it was opened with e 6\./);
  database.run = run({ chunksLeased: 1 });
  await monitor.watch(NOW + 2 * MINUTE);
  t.deepEqual(told.splice(0).sort(), ['closed fire_held', 'closed run_paused']);
  database.run = run({ ...idle, chunksClosed: 5, completed: 50_000 });
  await monitor.watch(NOW + 3 * MINUTE);
  t.deepEqual(told, [], 'between two chunks is no wait');
});

test('a run that pauses and goes on again between two looks is told of: its end is news', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, rule }) => told.push(`${state} ${rule}`));
  database.run = run();
  await monitor.watch(NOW);
  database.run = run({ state: 'paused', reason: 'GATE_FIRST_CARDS: 181 of 200 users.' });
  await monitor.watch(NOW + 1_000);
  t.deepEqual(told, []);
  await monitor.watch(NOW + 1_000, true);
  t.deepEqual(told, ['opened run_paused']);
});

test('a check that could not be made, or was missed, does not end what the check before it said', async t => {
  const told: string[] = [];
  const { monitor, database } = keep(({ state, rule }) => told.push(`${state} ${rule}`));
  const check = (decision: Fire['decision']) => fire({ decision, runId: null, runState: null });
  database.run = undefined;
  database.fires = [check('differed')];
  await monitor.watch(NOW);
  database.fires = [check('unchecked'), ...database.fires];
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told.splice(0), ['opened parity_low', 'opened parity_unchecked']);
  database.fires = [check('skipped'), ...database.fires];
  await monitor.watch(NOW + 2 * MINUTE);
  t.deepEqual(told.splice(0), ['opened fire_missed', 'closed parity_unchecked']);
  database.fires = [check('agreed'), ...database.fires];
  await monitor.watch(NOW + 3 * MINUTE);
  t.deepEqual(told.sort(), ['closed fire_missed', 'closed parity_low']);
});

/** The alerts of a database, in memory; `down` lets every call fail. */
class Alerts {
  readonly description = 'mssql://sql-7:1433/cards';
  readonly open: StoredAlert[] = [];
  #alerts = 0;
  run: RunProgress | undefined;
  /** Runs before that one, the latest first. */
  before: RunProgress[] = [];
  fires: Fire[] = [];
  readRun = async () => this.run;
  listRuns = async () => [...(this.run === undefined ? [] : [this.run]), ...this.before];
  listFires = async (schedule: string | null) => this.fires.filter(fire => fire.schedule === schedule);
  /** Runs of which users are still failed. */
  failed: number[] = [];
  why: CommonFailure | undefined;
  commonestFailure = async () => this.why;
  hasFailed = async (runId: number) => this.failed.includes(runId);
  listAlerts = async () => [...this.open];
  raiseAlert = async ({ rule, subject, severity, message, openedAt }: AlertRequest) => {
    const found = this.open.find(alert => alert.rule === rule && alert.subject === subject);
    if (found !== undefined) return { ...found, outcome: 'open' as const };
    const alertId = ++this.#alerts;
    const alert = { alertId, rule, subject, severity, message, openedAt: openedAt ?? new Date(NOW), closedAt: null };
    this.open.push(alert);
    return { ...alert, outcome: 'opened' as const };
  };
  recordTold = async () => undefined;
  takeOverAlerts = async () => [];
  closeAlert = async (rule: string, subject: string, teller: string) => {
    const index = this.open.findIndex(alert => alert.rule === rule && alert.subject === subject);
    const [closed] = index < 0 ? [] : this.open.splice(index, 1);
    return closed && { ...closed, teller };
  };
}

function keep(notify: (notice: Notice) => void) {
  const database = new Alerts();
  return { database, monitor: monitorOf(database, notify) };
}

function monitorOf(
  database: Alerts,
  notify: (notice: Notice) => void,
  options: Partial<MonitorOptions> = {},
): AlertMonitor {
  const onError = (error: unknown) => {
    throw error;
  };
  const monitor = new AlertMonitor({
    limits: LIMITS,
    schedules: ['weekly'],
    reminderMinutes: 240,
    host: 'here',
    processor: 'here:1',
    notify,
    onError,
    ...options,
  });
  monitor.use(database, database);
  return monitor;
}

test('an alert about failed users says the commonest code and a reason without any figure, which database, who tells, and a link', async t => {
  const told: Notice[] = [];
  const database = new Alerts();
  const monitor = monitorOf(database, notice => told.push(notice), { dashboardUrl: 'https://batch.example/cards' });
  database.run = run({ completed: 9_890, failed: 110 });
  database.why = {
    code: 'INVALID_SPENDING',
    users: 88,
    seen: 110,
    example: 'INVALID_SPENDING: avg_amazon_gmv is above the limit of 1000000.00: 1001001.00',
  };
  await monitor.watch(NOW);
  const [notice] = told;
  t.like(notice, { rule: 'error_rate', host: 'here', link: 'https://batch.example/cards/runs/7' });
  t.regex(
    textOf(notice!),
    /fail: 110 of 10,000\. Of 110 looked at, 88 have INVALID_SPENDING, for example: INVALID_SPENDING: avg_amazon_gmv is above the limit of …: …\n/,
  );
  t.regex(
    textOf(notice!),
    /Look at: cardgenius errors\nWhat to do: docs\/operations\.md#error_rate\nmssql:\/\/sql-7:1433\/cards, told by here\nhttps:\/\/batch\.example\/cards\/runs\/7$/s,
  );

  database.run = run({ runId: 8, completed: 9_890, failed: 110 });
  const row = 'Failing row contains (CK1000001, 1, CASHBACK SBI Card, 60000.00), user \'asha\', "rao", id CK-77';
  database.why = { code: null, users: 1, seen: 1, example: row };
  await monitor.watch(NOW + MINUTE);
  const { message } = told.find(({ subject }) => subject === 'run 8')!;
  t.regex(message, /1 have a reason of another program, for example: Failing row contains …, user …, …, id …$/);
});

test('two alerts for one cause are one: the other is not told, and what is open of it is not over', async t => {
  const stuck = { samples: [sample(16, 40_000), sample(0, 40_000)] };
  t.deepEqual(broken({ ...stuck, run: run({ deadlineAt: new Date(NOW - MINUTE) }) }), ['no_progress critical']);
  const gate = run({ state: 'paused', reason: 'GATE_FAILED_SHARE: 2 % of …', completed: 9_800, failed: 200 });
  t.deepEqual(broken({ run: gate, samples: [] }), ['run_paused critical']);
  const byHand = { ...gate, reason: 'by the DBA' };
  t.deepEqual(broken({ run: byHand, samples: [] }), ['run_paused warning', 'error_rate critical']);

  const told: string[] = [];
  const { database, monitor } = keep(({ state, rule }) => told.push(`${state} ${rule}`));
  database.run = run({ completed: 9_800, failed: 200 });
  await monitor.watch(NOW);
  database.run = gate;
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told, ['opened error_rate', 'opened run_paused']);
  database.run = run({ runId: 8 });
  await monitor.watch(NOW + 2 * MINUTE);
  t.deepEqual(told.slice(2).sort(), ['closed error_rate', 'closed run_paused']);
});

test('a database that answers bids and cannot be read is told of after a minute, and over once it can be', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const monitor = monitorOf(database, ({ state, rule, message }) => told.push(`${state} ${rule} ${message}`), {
    onError: () => {},
  });
  const { readRun } = database;
  database.readRun = async () => {
    throw new DatabaseError('POSTGRES_58P01', 'could not open file', 'permanent');
  };
  for (let at = NOW; at <= NOW + 2 * MINUTE; at += 15_000) {
    await monitor.watch(at);
    monitor.databaseIs(true, at); // the bid
  }
  t.deepEqual(told.splice(0), [
    'opened database_unreachable The database has been unreachable for 60 s: it cannot be read: could not open file',
  ]);
  database.readRun = readRun;
  await monitor.watch(NOW + 3 * MINUTE);
  t.regex(told.join(), /^closed database_unreachable/);
});

test('each rule opens once and closes once, by e-mail and by HTTP', async t => {
  await using http = await startHttp();
  await using smtp = await startSmtp();
  const secret = 'a secret of sixteen or more';
  const webhook = { url: new Secret(http.url), secret: new Secret(secret) };
  const email = { smtp: new Secret(smtp.url), from: 'batch@here.example', to: ['dba@here.example'] };
  await using notifier = new Notifier({ channels: openChannels({ webhook, email }), onTrouble: t.log, retryMs: 10 });
  const database = new Alerts();
  let logTrouble: string | undefined;
  const monitor = monitorOf(database, notifier.notify, { logTrouble: () => logTrouble });

  const expected: string[] = [];
  let now = NOW;
  const rules = new Map(Object.values(CASES).map(([bad, line]) => [line.split(' ')[0]!, bad]));
  for (const [rule, { run: bad, fires, samples }] of rules) {
    // What the monitor has seen before is what the snapshot says it has.
    database.fires = [...(fires ?? [])];
    for (const seen of samples ?? []) {
      if (seen.at === NOW) continue;
      database.run = run({ completed: seen.decided, chunksClosed: seen.chunksClosed });
      await monitor.watch(now + (seen.at - NOW) + 20 * MINUTE);
    }
    now += 20 * MINUTE;
    const shift = now - NOW;
    const moved = bad?.deadlineAt == null ? {} : { deadlineAt: new Date(bad.deadlineAt.getTime() + shift) };
    database.run = fires === undefined ? { ...(bad ?? run()), ...moved } : undefined;
    await monitor.watch(now);
    t.true(
      database.open.some(alert => alert.rule === rule),
      rule,
    );
    database.run = undefined;
    database.fires = [fire()];
    now += MINUTE;
    await monitor.watch(now);
    t.deepEqual(database.open, [], rule);
    expected.push(rule);
  }
  monitor.databaseIs(false, now, 'connection refused');
  monitor.databaseIs(false, now + 61_000, 'connection refused');
  monitor.databaseIs(true, now + 120_000);
  await monitor.watch(now + 120_000);
  expected.push('database_unreachable');
  monitor.engineIs('CATALOG_INVALID: wrong', now);
  await turnOfTheLoop();
  monitor.engineIs(undefined, now);
  await turnOfTheLoop();
  expected.push('engine_unusable');
  logTrouble = 'ENOSPC';
  const steady = { movedMs: 0, jumpMs: undefined, isNew: false, apartMs: 0 };
  monitor.clockIs(steady, now);
  await turnOfTheLoop();
  monitor.clockIs(steady, now); // told once
  logTrouble = undefined;
  monitor.clockIs(steady, now);
  await turnOfTheLoop();
  expected.push('log_lost');
  const jumped = { movedMs: 7_200_000, jumpMs: 7_200_000, isNew: true, apartMs: 0 };
  monitor.clockIs(jumped, now);
  await turnOfTheLoop();
  monitor.clockIs({ ...jumped, movedMs: 0, jumpMs: undefined, isNew: false }, now);
  await monitor.watch(now + 7_500_000);
  expected.push('clock_wrong');
  t.deepEqual(expected.sort(), Object.keys(RULES).sort() as RuleName[]);
  await notifier.drained();

  const told = http.items.map(({ body }) => JSON.parse(body) as Notice);
  for (const rule of expected) {
    const mine = told.filter(notice => notice.rule === rule).map(({ state }) => state);
    t.deepEqual(mine, ['opened', 'closed'], rule);
  }
  t.is(smtp.items.length, told.length);
  t.regex(smtp.items[0]!.text, /Subject: \[CardGenius, critical\] run failed: run 7/);
  t.regex(smtp.items[0]!.text, /Look at: cardgenius status/);
  t.deepEqual(smtp.items[0]!.to, ['dba@here.example']);
  const { headers, body } = http.items[0]!;
  t.is(headers['x-cardgenius-signature'], signatureOf(secret, String(headers['x-cardgenius-timestamp']), body));
  t.like(JSON.parse(body), {
    state: 'opened',
    rule: 'run_failed',
    severity: 'critical',
    look: 'cardgenius status',
    runbook: 'docs/operations.md#run_failed',
  });
});

test('a log’s alert that could not be closed is closed at the next beat; the log of another machine is its own matter', async t => {
  const database = new Alerts();
  let trouble: string | undefined = 'ENOSPC';
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const monitor = monitorOf(database, () => {}, { logTrouble: () => trouble, onError });
  const steady = { movedMs: 0, jumpMs: undefined, isNew: false, apartMs: 0 };
  const beat = async () => {
    monitor.clockIs(steady, NOW);
    await turnOfTheLoop();
    return database.open.map(({ rule }) => rule);
  };
  t.deepEqual(await beat(), ['log_lost']);
  const other = monitorOf(database, () => {}, { host: 'there', logTrouble: () => undefined });
  other.clockIs(steady, NOW);
  await other.watch(NOW);
  t.is(database.open.length, 1);

  const { closeAlert } = database;
  database.closeAlert = () => Promise.reject(new Error('deadlock'));
  trouble = undefined;
  t.deepEqual(await beat(), ['log_lost']);
  t.is(errors.length, 1);
  database.closeAlert = closeAlert;
  t.deepEqual(await beat(), []);
});

test('an engine that cannot be loaded is told at once, before there is a database, and written later', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const notify = ({ state, rule, subject, message }: Notice) => told.push(`${state} ${rule} ${subject} ${message}`);
  const monitor = new AlertMonitor({
    limits: LIMITS,
    schedules: [],
    reminderMinutes: 240,
    host: 'here',
    processor: 'here:1',
    notify,
    onError: t.log,
  });
  monitor.engineIs('CATALOG_INVALID: card x, field fees', NOW);
  await turnOfTheLoop();
  t.is(told.length, 1);
  t.regex(
    told[0]!,
    /^opened engine_unusable here The engine cannot be loaded, and no run is opened: CATALOG_INVALID: card x/,
  );
  monitor.use(database, database);
  await monitor.watch(NOW + MINUTE);
  t.is(told.length, 1, 'once');
  t.like(database.open[0], { rule: 'engine_unusable', openedAt: new Date(NOW) });
  const leader = monitorOf(database, notify);
  await leader.watch(NOW + 2 * MINUTE);
  t.is(database.open.length, 1, 'another machine knows nothing of it');
  monitor.engineIs(undefined, NOW + 3 * MINUTE);
  await turnOfTheLoop();
  t.deepEqual(database.open, []);
  t.regex(told[1]!, /^closed engine_unusable here/);
});

test('an alert that the database refuses is told all the same, once, and is written when it can be', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const { raiseAlert } = database;
  const notify = ({ state, rule }: Notice) => told.push(`${state} ${rule}`);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const monitor = new AlertMonitor({
    limits: LIMITS,
    schedules: [],
    reminderMinutes: 240,
    host: 'here',
    processor: 'here:1',
    notify,
    onError,
  });
  monitor.use(database, database);
  database.run = run({ state: 'paused', reason: 'MSSQL_9002: the transaction log is full' });
  database.raiseAlert = () => Promise.reject(new Error('the transaction log is full'));
  await monitor.watch(NOW);
  await monitor.watch(NOW + MINUTE);
  t.deepEqual(told, ['opened database_full']);
  t.is(errors.length, 2);
  await monitor.watch(NOW + 241 * MINUTE);
  t.deepEqual(told.splice(0), ['opened database_full', 'reminded database_full']);
  database.raiseAlert = raiseAlert;
  await monitor.watch(NOW + 242 * MINUTE);
  t.deepEqual(told, [], 'it was told');
  t.like(database.open, [{ rule: 'database_full', openedAt: new Date(NOW) }]);
});

test('rules: a clock that jumped, was set back, or is far from this machine’s is wrong; one that agrees is not', t => {
  const seen = { movedMs: 0, jumpMs: undefined, isNew: false, apartMs: 0 };
  const said = (clock: { jumpMs?: number; apartMs?: number }) =>
    findingsOf(snapshot({ clock: { ...seen, ...clock } }), LIMITS).map(({ rule, message }) => `${rule}: ${message}`);
  t.deepEqual(said({}), []);
  t.regex(
    said({ jumpMs: 185 * MINUTE })[0]!,
    /^clock_wrong: .*jumped 3 h 5 min ahead, as here sees it.*No slot is decided/,
  );
  t.regex(said({ jumpMs: -40 * 1_440 * MINUTE })[0]!, /set back by 40 d, .* are decided anew\. Where this time/);
  t.regex(
    said({ jumpMs: -6 * MINUTE, apartMs: -6 * MINUTE })[0]!,
    /decided anew, once its clock agrees with that of here/,
  );
  t.regex(said({ apartMs: -6 * MINUTE })[0]!, /is 6 min behind that of here/);
});

test('Slack and Teams get bodies of theirs', async t => {
  await using http = await startHttp();
  const url = new Secret(http.url);
  const [slack, teams] = openChannels({ slack: { url }, teams: { url } });
  const since = new Date(NOW);
  const about = { rule: 'run_failed', subject: 'run <7>', severity: 'critical', message: 'a & b', look: 'x' } as const;
  const notice = { ...about, state: 'opened', since, at: since } as const;
  await slack!.send(notice, 'id');
  await teams!.send(notice, 'id');
  const [first, second] = http.items.map(({ body }) => JSON.parse(body));
  t.regex(first.text, /run &lt;7&gt;$/);
  t.is(first.blocks[0].text.type, 'plain_text');
  t.regex(first.blocks[0].text.text, /run <7>\na & b\nSince 2026-11-23T03:00:00\.000Z/);
  t.is(second.attachments[0].content.type, 'AdaptiveCard');
  const blocks = second.attachments[0].content.body;
  t.true(blocks.every(({ type }: { type: string }) => type === 'RichTextBlock'));
  t.deepEqual(blocks[1].inlines, [{ type: 'TextRun', text: 'a & b' }]);
});

test('a receiver that is down for a while loses no alert, and holds up no other', async t => {
  let tries = 0;
  await using broken = await startHttp(() => (++tries <= 5 ? 503 : 200));
  await using healthy = await startHttp();
  const channels = openChannels({
    slack: { url: new Secret(broken.url) },
    teams: { url: new Secret(healthy.url) },
  });
  const troubles: string[] = [];
  await using notifier = new Notifier({ channels, onTrouble: ({ message }) => troubles.push(message), retryMs: 1 });
  const since = new Date(NOW);
  const about = {
    subject: 's',
    severity: 'warning',
    message: 'm',
    look: 'x',
    state: 'opened',
    since,
    at: since,
  } as const;
  for (const rule of ['one', 'two', 'three']) notifier.notify({ ...about, rule });
  await healthy.arrived(3);
  await broken.arrived(3);
  await notifier.drained();
  t.deepEqual(
    broken.items.map(({ body }) => /: s|one|two|three/.exec(JSON.parse(body).text)?.[0]),
    ['one', 'two', 'three'],
  );
  t.is(troubles.length, 5);
  t.regex(troubles[0]!, /answered 503/);
});

test('a notice that its receiver refuses for good is given up, with its text in the log; the next ones go out', async t => {
  await using http = await startHttp(body => (body.includes('too long') ? 400 : 200));
  await using smtp = await startSmtp(({ text }) => (text.includes('too long') ? '554 too long' : '250 kept'));
  const email = { smtp: new Secret(smtp.url), from: 'batch@here.example', to: ['dba@here.example'] };
  const channels = openChannels({ slack: { url: new Secret(http.url) }, email });
  const troubles: Trouble[] = [];
  await using notifier = new Notifier({ channels, onTrouble: trouble => troubles.push(trouble), retryMs: 1 });
  const since = new Date(NOW);
  const about = { subject: 's', severity: 'warning', look: 'x', state: 'opened', since, at: since } as const;
  notifier.notify({ ...about, rule: 'one', message: 'too long' });
  notifier.notify({ ...about, rule: 'two', message: 'short' });
  await notifier.drained();
  t.is(http.items.length, 1);
  t.is(smtp.items.length, 1);
  for (const channel of ['slack', 'email']) {
    const mine = troubles.filter(trouble => trouble.channel === channel);
    t.deepEqual(
      mine.map(({ rule, isLost }) => [rule, isLost]),
      [...Array.from({ length: 4 }, () => ['one', false]), ['one', true]],
    );
    t.regex(mine.at(-1)!.text!, /one: s\ntoo long\nSince/);
    t.regex(mine.at(-1)!.message, /400|554/);
  }
});

test('a queue is bounded: the oldest that wait are given up, and that is said', async t => {
  const lost: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const sent: string[] = [];
  const channel = {
    name: 'slow',
    send: async ({ rule }: Notice) => {
      await promise;
      sent.push(rule);
    },
  };
  await using notifier = new Notifier({ channels: [channel], onTrouble: ({ rule }) => lost.push(rule) });
  const since = new Date(NOW);
  const about = {
    subject: 's',
    severity: 'warning',
    message: 'm',
    look: 'x',
    state: 'opened',
    since,
    at: since,
  } as const;
  for (let i = 0; i < 203; i++) notifier.notify({ ...about, rule: `r${i}` });
  resolve();
  await notifier.drained();
  t.deepEqual(lost, ['r1', 'r2', 'r3']);
  t.is(sent.length, 200);
});

test('the database: a short outage is not told, nor does a follower tell; a long one reminds', t => {
  const told: string[] = [];
  const { monitor } = keep(({ state }) => told.push(state));
  monitor.databaseIs(false, NOW, 'x');
  monitor.databaseIs(true, NOW + 30_000);
  monitor.databaseIs(false, NOW + 40_000, 'x');
  monitor.leads(false);
  monitor.databaseIs(false, NOW + 200_000, 'x');
  t.deepEqual(told, []);
  monitor.leads(true);
  monitor.databaseIs(false, NOW + 300_000, 'x');
  monitor.databaseIs(false, NOW + 310_000, 'x');
  monitor.databaseIs(false, NOW + 300_000 + 240 * MINUTE, 'x');
  t.deepEqual(told, ['opened', 'reminded']);
});

test('the database: an outage is kept until it could be written, with the time at which it began', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const errors: unknown[] = [];
  const options = {
    limits: LIMITS,
    schedules: [],
    reminderMinutes: 240,
    host: 'here',
    processor: 'here:1',
    onError: (error: unknown) => void errors.push(error),
  };
  const monitor = new AlertMonitor({ ...options, notify: ({ state }) => told.push(state) });
  const written: AlertRequest[] = [];
  const { raiseAlert } = database;
  let isAway = true;
  database.raiseAlert = async request => {
    if (isAway) throw new Error('away again');
    written.push(request);
    return raiseAlert(request);
  };
  monitor.use(database, database);
  monitor.databaseIs(false, NOW, 'connection refused');
  monitor.databaseIs(false, NOW + 61_000, 'connection refused');
  monitor.databaseIs(true, NOW + 600_000);
  await monitor.watch(NOW + 600_000); // it answers, and is away again before the outage is written
  t.is(errors.length, 1);
  t.deepEqual(told, ['opened']);
  isAway = false;
  await monitor.watch(NOW + 620_000);
  t.deepEqual(told, ['opened', 'closed']);
  t.like(written[0], { rule: 'database_unreachable', severity: 'critical', openedAt: new Date(NOW) });
  t.deepEqual(database.open, []);
  await monitor.watch(NOW + 640_000);
  t.is(written.length, 1, 'once');
});

test('the database: the processor that told of an outage closes it, though another leads when it is over; the next one is as old as it is', async t => {
  const told: Notice[] = [];
  const { monitor, database } = keep(notice => told.push(notice));
  const states = () => told.map(({ state }) => state);
  monitor.databaseIs(false, NOW, 'x');
  monitor.databaseIs(false, NOW + 61_000, 'x');
  monitor.databaseIs(true, NOW + 120_000);
  monitor.leads(false); // another processor was elected meanwhile: this one is not asked to watch any more
  await turnOfTheLoop();
  t.deepEqual(states(), ['opened', 'closed']);
  t.deepEqual(database.open, []);

  const week = NOW + 7 * 24 * 60 * MINUTE;
  monitor.leads(true);
  monitor.databaseIs(false, week, 'x');
  t.is(told.length, 2, 'one failed call is not told');
  monitor.databaseIs(false, week + 61_000, 'x');
  t.is(told[2]!.since.getTime(), week);
  t.regex(told[2]!.message, / 61 s/);
});

test('the database: instances that start while it is away each close what each has told', async t => {
  const told: string[] = [];
  const database = new Alerts();
  const keepers = [1, 2, 3].map(() => monitorOf(database, ({ state }) => told.push(state)));
  for (const monitor of keepers) {
    monitor.databaseIs(false, NOW, 'x');
    monitor.databaseIs(false, NOW + 61_000, 'x');
  }
  keepers.forEach((monitor, i) => {
    monitor.databaseIs(true, NOW + 90_000);
    monitor.leads(i === 0);
  });
  await turnOfTheLoop();
  t.deepEqual(told, ['opened', 'opened', 'opened', 'closed', 'closed', 'closed']);
  t.deepEqual(database.open, []);
});
