import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { AlertMonitor } from '../../src/alerts/alert-monitor.ts';
import type { Channel } from '../../src/alerts/channels.ts';
import type { Notice } from '../../src/alerts/notice.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { type FireRequest, isPresent, type Processor } from '../../src/model/service.ts';
import {
  type ContractEngine,
  claim,
  count,
  importUsers,
  OTHER_FINGERPRINT,
  openRun,
  process,
  runRequest,
} from './context.ts';
import type { ContractTests } from './suite.ts';

const { thresholds } = await loadSettings({ env: {}, cwd: import.meta.dirname });
const SLOT = new Date('2026-11-22T20:30:00.000Z');
const processor = (id: string): Processor => ({ id, host: 'here', pid: 1, version: '0' });

function fire(overrides: Partial<FireRequest> = {}): FireRequest {
  const { requestedBy: _, deadlineAt: __, ...run } = runRequest();
  const standard = { note: null, decidedBy: 'a', electedAt: null, deadlineMinutes: 60, run };
  return { schedule: 'weekly', plannedAt: SLOT, decision: 'ran', ...standard, ...overrides };
}

/** Ends the leader's lease, as if it had been frozen for a while. */
const freeze = ({ execute }: ContractEngine) =>
  execute("UPDATE cardgenius.leader SET elected_at = '2019-12-31', lease_until = '2020-01-01'");

export const serviceContract: ContractTests = {
  'fire: it writes the ledger and the run together, once': async (t, engine) => {
    const { coordination, database } = engine;
    await importUsers(engine, 6);
    const first = await coordination.recordFire(fire());
    t.like(first, { outcome: 'recorded', decision: 'ran' });
    const run = await database.readRun(first.runId);
    t.like(run, { state: 'running', requestedBy: 'schedule weekly', plannedUsers: 6 });
    t.is(run!.deadlineAt!.getTime() - run!.startedAt.getTime(), 3_600_000);
    t.deepEqual(await coordination.recordFire(fire({ decidedBy: 'b' })), { ...first, outcome: 'known' });
    t.is(await count(engine, 'cardgenius.run'), 1);
    t.is(await count(engine, 'cardgenius.schedule_fire'), 1);
  },

  'fire: one by hand is an act, with who asked for it': async (t, engine) => {
    await importUsers(engine, 6);
    const by = { origin: 'page', person: 'ravi' } as const;
    const { runId } = await engine.coordination.recordFire(fire({ decision: 'manual', by }));
    const [act] = await engine.history.listActs(runId, 1);
    t.like(act, { act: 'run_now', origin: 'page', person: 'ravi', subject: 'weekly', reason: 'manual', runId });
  },

  'failed: users of a run are failed until none of them is': async (t, engine) => {
    const { coordination, audit } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [2] });
    t.true(await coordination.hasFailed(runId));
    t.false(await coordination.hasFailed(runId + 1));
    const why = await coordination.commonestFailure(runId);
    t.like(why, { users: 1, seen: 1 });
    t.true(why!.example!.startsWith(`${why!.code}: `), why!.example!);
    t.is(await coordination.commonestFailure(runId + 1), undefined);
    await audit.retryUsers({ runId: null, userId: null, code: null });
    t.false(await coordination.hasFailed(runId));
  },

  'fire: several at once make one run': async (t, engine) => {
    await importUsers(engine, 6);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map(decidedBy => engine.coordination.recordFire(fire({ decidedBy }))),
    );
    t.is(answers.filter(({ outcome }) => outcome === 'recorded').length, 1);
    t.is(new Set(answers.map(({ runId }) => runId)).size, 1);
    t.is(await count(engine, 'cardgenius.run'), 1);
  },

  'fire: without a due user the run is done at once, and has run': async (t, { coordination, database }) => {
    const { decision, runId } = await coordination.recordFire(fire({ deadlineMinutes: null }));
    t.is(decision, 'ran');
    t.like(await database.readRun(runId), { state: 'done', deadlineAt: null });
  },

  'fire: while a run is active it is recorded as overlapped, with that run': async (t, engine) => {
    await importUsers(engine, 6);
    const { runId } = await openRun(engine);
    t.deepEqual(await engine.coordination.recordFire(fire()), {
      outcome: 'recorded',
      decision: 'overlapped',
      runId,
      supersededId: null,
    });
    t.is(await count(engine, 'cardgenius.run'), 1);
  },

  'fire: a run of another engine is overlapped while a processor works on it, holds the fire while it is paused, else is superseded':
    async (t, engine) => {
      const { coordination, database } = engine;
      const other = (minute: number) => {
        const { run, ...rest } = fire({ plannedAt: new Date(SLOT.getTime() + minute * 60_000) });
        return { ...rest, run: { ...run, fingerprint: OTHER_FINGERPRINT } };
      };
      await importUsers(engine, 8);
      const { runId } = await openRun(engine);
      const lease = await claim(engine, runId);
      t.like(await coordination.recordFire(other(1)), { decision: 'overlapped', runId });
      await database.releaseChunk(lease);
      await database.changeRunState(runId, 'paused', 'by an operator');
      t.like(await coordination.recordFire(other(2)), { decision: 'held', runId });
      t.like(
        await coordination.recordFire(fire({ schedule: 'daily' })),
        { decision: 'held', runId },
        'of the same engine, too',
      );
      const [held] = await coordination.listFires('weekly', 1);
      t.like(held, { decision: 'held', note: `run ${runId} is paused: by an operator`, runState: 'paused' });
      await database.changeRunState(runId, 'running', '');
      t.like(await coordination.recordFire(other(3)), { decision: 'ran', supersededId: runId });
      t.is((await database.readRun(runId))?.state, 'cancelled');
    },

  'fire: a dry run overlaps a batch only while a processor works on it': async (t, engine) => {
    const { coordination, database } = engine;
    await importUsers(engine, 8);
    const dry = await openRun(engine, { kind: 'dry_run' });
    const lease = await claim(engine, dry.runId);
    t.like(await coordination.recordFire(fire()), { decision: 'overlapped', runId: dry.runId });
    await database.releaseChunk(lease);
    await database.changeRunState(dry.runId, 'stopped', 'Ctrl-C');

    const next = await coordination.recordFire(fire({ plannedAt: new Date(SLOT.getTime() + 60_000) }));
    t.is(next.decision, 'ran');
    t.like(await database.readRun(next.runId), { kind: 'batch', state: 'running', plannedUsers: 8 });
    t.is((await database.readRun(dry.runId))?.state, 'cancelled');
  },

  'fire: a paused dry run holds it, too': async (t, engine) => {
    const { coordination, database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine, { kind: 'dry_run' });
    await database.changeRunState(runId, 'paused', 'by an operator');
    t.like(await coordination.recordFire(fire()), { decision: 'held', runId, supersededId: null });
    t.is((await database.readRun(runId))?.state, 'paused');
  },

  'fire: a slot whose engine could not be loaded is recorded, and opens nothing': async (t, engine) => {
    await importUsers(engine, 6);
    const answer = await engine.coordination.recordFire(
      fire({ decision: 'not_opened', note: 'CATALOG_INVALID: no such field' }),
    );
    t.like(answer, { outcome: 'recorded', decision: 'not_opened', runId: null });
    t.is(await count(engine, 'cardgenius.run'), 0);
  },

  'fire: what a comparison with the API says is recorded, and opens nothing; nor does a paused run hold it': async (
    t,
    engine,
  ) => {
    const { coordination, database } = engine;
    await importUsers(engine, 6);
    const { runId } = await openRun(engine);
    await database.changeRunState(runId, 'paused', 'by an operator');
    for (const [i, decision] of (['agreed', 'differed', 'unchecked'] as const).entries()) {
      const plannedAt = new Date(SLOT.getTime() + i * 60_000);
      const answer = await coordination.recordFire(fire({ plannedAt, decision, note: '97 of 100 users agree' }));
      t.deepEqual(answer, { outcome: 'recorded', decision, runId: null, supersededId: null });
      t.like((await coordination.listFires('weekly', 1))[0], { decision, note: '97 of 100 users agree', runId: null });
    }
    t.is(await count(engine, 'cardgenius.run'), 1);
  },

  'fire: skipped is recorded, and opens nothing': async (t, engine) => {
    await importUsers(engine, 6);
    const answer = await engine.coordination.recordFire(fire({ decision: 'skipped', note: 'no leader was there' }));
    t.deepEqual(answer, { outcome: 'recorded', decision: 'skipped', runId: null, supersededId: null });
    t.is(await count(engine, 'cardgenius.run'), 0);
    const [row] = await engine.coordination.listFires('weekly', 5);
    t.like(row, { decision: 'skipped', note: 'no leader was there', runId: null, runState: null });
    t.deepEqual(row!.plannedAt, SLOT);
  },

  'fire: a leader whose term is over records nothing': async (t, engine) => {
    const { coordination } = engine;
    const { electedAt } = await coordination.lead(processor('a'), 60);
    t.is((await coordination.recordFire(fire({ electedAt, decidedBy: 'b' }))).outcome, 'not_leader');
    await freeze(engine);
    t.is((await coordination.recordFire(fire({ electedAt }))).outcome, 'not_leader');
    await coordination.lead(processor('b'), 60);
    t.is((await coordination.recordFire(fire({ electedAt }))).outcome, 'not_leader');
    t.is(await count(engine, 'cardgenius.schedule_fire'), 0);
    const term = await coordination.lead(processor('b'), 60);
    const answer = await coordination.recordFire(fire({ electedAt: term.electedAt, decidedBy: 'b' }));
    t.is(answer.outcome, 'recorded');
  },

  'fire: the latest come first, of one schedule or of all': async (t, { coordination }) => {
    for (const [schedule, day] of [
      ['weekly', 1],
      ['nightly', 2],
      ['weekly', 3],
    ] as const) {
      await coordination.recordFire(
        fire({ schedule, plannedAt: new Date(Date.UTC(2026, 0, day)), decision: 'skipped' }),
      );
    }
    const days = async (name: string | null, fires: number) =>
      (await coordination.listFires(name, fires)).map(({ plannedAt }) => plannedAt.getUTCDate());
    t.deepEqual(await days('weekly', 5), [3, 1]);
    t.deepEqual(await days(null, 2), [3, 2]);
  },

  'schedule: it is known from its first sight, and anew when it has changed': async (t, engine) => {
    const { coordination, execute } = engine;
    const first = await coordination.seeSchedule('weekly', '0 2 * * 1', 'Asia/Kolkata');
    t.is(first.lastPlanned, null);
    t.deepEqual(await coordination.seeSchedule('weekly', '0 2 * * 1', 'Asia/Kolkata'), first);
    await coordination.recordFire(fire({ decision: 'skipped' }));
    await coordination.recordFire(fire({ decision: 'manual', plannedAt: new Date('2027-01-01T00:00:00Z') }));
    const second = await coordination.seeSchedule('weekly', '0 2 * * 1', 'Asia/Kolkata');
    t.deepEqual(second, { ...first, lastPlanned: SLOT });
    await execute("UPDATE cardgenius.schedule SET known_since = '2020-01-01'");
    t.true((await coordination.seeSchedule('weekly', '0 3 * * 1', 'Asia/Kolkata')).knownSince > SLOT);
  },

  'leader: one leads, and keeps its term while it renews': async (t, { coordination }) => {
    const first = await coordination.lead(processor('a'), 60);
    t.is(first.owner, 'a');
    const other = await coordination.lead(processor('b'), 60);
    t.is(other.owner, 'a');
    const again = await coordination.lead(processor('a'), 60);
    t.deepEqual(again.electedAt, first.electedAt);
    t.true(again.leaseUntil >= first.leaseUntil);
    t.true(again.now >= first.now);
  },

  'leader: of several processors that ask at once, all are told the same one': async (t, { coordination }) => {
    const asked = await Promise.all(['a', 'b', 'c', 'd'].map(id => coordination.lead(processor(id), 60)));
    t.is(new Set(asked.map(({ owner }) => owner)).size, 1);
  },

  'leader: silent for a lease, it is replaced; one that wakes alone starts a new term': async (t, engine) => {
    const { coordination } = engine;
    const first = await coordination.lead(processor('a'), 60);
    await freeze(engine);
    const alone = await coordination.lead(processor('a'), 60);
    t.is(alone.owner, 'a');
    t.true(alone.electedAt >= first.electedAt, 'not the term of 2019');
    await freeze(engine);
    t.is((await coordination.lead(processor('b'), 60)).owner, 'b');
    t.is((await coordination.lead(processor('a'), 60)).owner, 'b');
  },

  'leader: one that resigns makes room at once; the resignation of another processor leaves the leader alone': async (
    t,
    engine,
  ) => {
    const { coordination } = engine;
    await coordination.lead(processor('a'), 60);
    await coordination.lead(processor('b'), 60);
    await coordination.resign('b');
    t.is((await coordination.lead(processor('c'), 60)).owner, 'a');
    await coordination.resign('a');
    t.is((await coordination.lead(processor('c'), 60)).owner, 'c');
    t.is(await count(engine, 'cardgenius.processor', 'stopped_at IS NOT NULL'), 2);
  },

  'processors: which are alive, since when, and which leads; those seen last come first': async (t, engine) => {
    const { coordination, execute } = engine;
    t.deepEqual(await coordination.listProcessors(10), []);
    for (const id of ['a', 'b', 'c']) await coordination.lead(processor(id), 60);
    await coordination.resign('b');
    await execute("UPDATE cardgenius.processor SET last_seen = '2020-01-01' WHERE processor_id = 'c'");
    const [first, second, third, ...rest] = (await coordination.listProcessors(10)).sort((x, y) =>
      x.id < y.id ? -1 : 1,
    );
    t.deepEqual(rest, []);
    t.like(first, { ...processor('a'), stoppedAt: null, leads: true });
    t.true(first!.silentSeconds < 60 && first!.startedAt <= first!.lastSeen);
    t.like(second, { id: 'b', leads: false });
    t.true(second!.stoppedAt instanceof Date);
    t.true(third!.silentSeconds > 86_400);
    t.deepEqual((await coordination.listProcessors(2)).map(({ id }) => id).includes('c'), false);
  },

  'processors: each sign of life says the version of the engine as it was loaded last': async (t, engine) => {
    const { coordination } = engine;
    const versions = async () =>
      (await coordination.listProcessors(10)).map(({ id, version }) => `${id} ${version}`).sort();
    for (const version of ['none', '1', '2'.repeat(60)]) {
      await coordination.lead({ ...processor('serve'), version }, 60);
      await coordination.seeProcessor({ ...processor('run'), version });
      t.deepEqual(
        await versions(),
        ['run', 'serve'].map(id => `${id} ${version.slice(0, 50)}`),
      );
    }
  },

  'processor: it is seen with each sign of life, and leaves; one that was killed grows silent': async (t, engine) => {
    const { coordination, execute } = engine;
    const seen = async () =>
      (await coordination.listProcessors(10))
        .filter(isPresent)
        .map(({ id }) => id)
        .sort();
    await coordination.seeProcessor(processor('run'));
    await coordination.lead(processor('serve'), 60);
    t.deepEqual(await seen(), ['run', 'serve']);

    await execute("UPDATE cardgenius.processor SET last_seen = '2026-01-01', started_at = '2026-01-01'");
    t.deepEqual(await seen(), []);
    t.true((await coordination.listProcessors(10)).every(({ silentSeconds }) => silentSeconds > 86_400));
    await coordination.seeProcessor(processor('run'));
    t.deepEqual(await seen(), ['run']);
    const [again] = await coordination.listProcessors(1);
    t.is(again!.startedAt.toISOString().slice(0, 10), '2026-01-01', 'it is the same one');
    await coordination.resign('run');
    t.deepEqual(await seen(), []);
    await coordination.seeProcessor(processor('run'));
    t.deepEqual(await seen(), ['run'], 'it was frozen while it was thought to have left');
  },

  'alert: it opens once, reminds after a while, and closes once': async (t, engine) => {
    const { coordination, execute } = engine;
    const request = { rule: 'run_failed', subject: 'run 1', severity: 'warning', remindSeconds: 3600 } as const;
    const raise = (message: string, severity: 'warning' | 'critical' = 'warning') =>
      coordination.raiseAlert({ ...request, severity, message, openedAt: null, teller: 'a' });
    const first = await raise('first');
    t.is(first.outcome, 'opened');
    t.deepEqual(await raise('second'), { ...first, outcome: 'open' });
    await execute("UPDATE cardgenius.alert SET opened_at = '2020-01-01'");
    t.is((await raise('third')).outcome, 'reminded');
    t.is((await raise('fourth')).outcome, 'open');
    t.is((await raise('fifth', 'critical')).outcome, 'reminded', 'worse is told at once');
    t.like((await coordination.listAlerts(true, 10))[0], {
      rule: 'run_failed',
      severity: 'critical',
      message: 'fifth',
    });

    const closed = await coordination.closeAlert('run_failed', 'run 1', 'a');
    t.like(closed, { subject: 'run 1', message: 'fifth' });
    t.truthy(closed!.closedAt);
    t.is(await coordination.closeAlert('run_failed', 'run 1', 'a'), undefined);
    t.deepEqual(await coordination.listAlerts(true, 10), []);
    t.is((await coordination.listAlerts(false, 10)).length, 1);
    t.is((await raise('again')).outcome, 'opened');
  },

  'alert: what began while the database was away keeps its time; several who raise it open it once': async (
    t,
    engine,
  ) => {
    const { coordination } = engine;
    const openedAt = new Date('2026-11-23T02:00:00.000Z');
    const request = {
      rule: 'r',
      subject: 's',
      severity: 'critical',
      message: 'm',
      remindSeconds: 60,
      openedAt,
      teller: 'a',
    } as const;
    const answers = await Promise.all([1, 2, 3].map(() => coordination.raiseAlert({ ...request, remindSeconds: 1e9 })));
    t.is(answers.filter(({ outcome }) => outcome === 'opened').length, 1);
    t.deepEqual((await coordination.listAlerts(true, 10))[0]!.openedAt, openedAt);
  },

  'alert: what a processor could not tell before it was killed is told by the next leader, once': async (t, engine) => {
    const { coordination, execute } = engine;
    const told: string[] = [];
    const monitorOf = (id: string, send: Channel['send']) => monitorFor(t, engine, id, id, send);
    const refused = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    let asked = 0;
    const first = monitorOf('a', notice => {
      if (++asked > 1) {
        refused.resolve();
        return never.promise;
      }
      told.push(`a ${notice.state} ${notice.subject}`);
      return Promise.resolve();
    });
    await coordination.seeProcessor(processor('a'));
    const now = Date.now();
    first.monitor.engineIs('CATALOG_INVALID', now);
    for (; told.length === 0; ) await turnOfTheLoop();
    await first.notifier.drained();
    await first.monitor.recorded();
    first.monitor.engineIs(undefined, now);
    await refused.promise; // that it is over is refused; behind it waits the next
    first.monitor.engineIs('CATALOG_INVALID again', now);
    for (; (await coordination.listAlerts(true, 10)).length === 0; ) await turnOfTheLoop();

    const next = monitorOf(
      'b',
      async ({ state, subject, message }) => void told.push(`b ${state} ${subject}: ${message}`),
    );
    await coordination.seeProcessor(processor('b'));
    await next.monitor.watch(now);
    await next.notifier.drained();
    t.deepEqual(told, ['a opened a'], 'a lives, and still tries');
    await execute("UPDATE cardgenius.processor SET last_seen = '2026-01-01' WHERE processor_id = 'a'");
    await next.monitor.watch(now + 60_000);
    await next.notifier.drained();
    const unusable = 'The engine cannot be loaded, and no run is opened: CATALOG_INVALID';
    t.deepEqual(told.splice(0), ['a opened a', `b closed a: ${unusable}`, `b opened a: ${unusable} again`]);
    await next.monitor.recorded();
    await execute("UPDATE cardgenius.processor SET last_seen = '2026-01-01' WHERE processor_id = 'b'");
    const third = monitorOf('c', async ({ state }) => void told.push(`c ${state}`));
    await third.monitor.watch(now + 120_000);
    await third.notifier.drained();
    t.deepEqual(told, [], 'all was told');
    never.resolve();
    await first.notifier.drained();
    await first.monitor.recorded();
  },

  'alert: one processor opens it, another closes it: the first tells both, in order': async (t, engine) => {
    const { coordination } = engine;
    const told: string[] = [];
    const { a, b, answer } = await openedByOneClosedByAnother(t, engine, notice => void told.push(notice));
    t.deepEqual(told, [], 'its opening is refused still, and that it is over does not come first');
    answer.resolve();
    for (; told.length < 2; ) await turnOfTheLoop();
    await a.monitor.recorded();
    t.deepEqual(told, ['a opened', 'a closed']);
    await b.monitor.watch(Date.now() + 60_000);
    await b.notifier.drained();
    t.is(told.length, 2);
    t.deepEqual(await coordination.takeOverAlerts('c'), [], 'all was told');
  },

  'alert: one processor opens it, another closes it, and the first is killed: one notice says both': async (
    t,
    engine,
  ) => {
    const { execute } = engine;
    const told: string[] = [];
    const { a, b, answer, openedAt } = await openedByOneClosedByAnother(t, engine, (notice, { since, until }) => {
      told.push(`${notice} ${since.toISOString()} ${until === undefined ? 'plain' : until >= since}`);
    });
    await execute("UPDATE cardgenius.processor SET last_seen = '2026-01-01' WHERE processor_id = 'a'");
    for (const seconds of [60, 120]) await b.monitor.watch(Date.now() + seconds * 1_000);
    await b.notifier.drained();
    await b.monitor.recorded();
    t.deepEqual(told, [`b closed ${openedAt.toISOString()} true`]);
    answer.resolve();
    await a.notifier.drained();
    await a.monitor.recorded();
  },
};

/** A processor of the fleet that tells its alerts by `send`. */
function monitorFor(
  t: ExecutionContext,
  engine: ContractEngine,
  processorId: string,
  host: string,
  send: Channel['send'],
) {
  const { coordination, database, history } = engine;
  const notifier = new Notifier({ channels: [{ name: 'c', send }], onTrouble: () => {} });
  const monitor = new AlertMonitor({
    limits: thresholds,
    schedules: [],
    reminderMinutes: 240,
    host,
    processor: processorId,
    notify: notifier.notify,
    onError: error => t.fail(String(error)),
  });
  monitor.use(
    { description: 'd', readRun: () => database.readRun(null), listRuns: runs => history.listRuns(runs) },
    coordination,
  );
  return { monitor, notifier };
}

/** Processor a has opened an alert, and its receiver has not answered yet (`answer`); processor b has closed it. */
async function openedByOneClosedByAnother(
  t: ExecutionContext,
  engine: ContractEngine,
  told: (line: string, notice: Notice) => void,
) {
  const { coordination } = engine;
  const answer = Promise.withResolvers<void>();
  const processorOf = (id: string, isAnswered: Promise<void>) =>
    monitorFor(t, engine, id, 'host', async notice => {
      await isAnswered;
      told(`${id} ${notice.state}`, notice);
    });
  const a = processorOf('a', answer.promise);
  const b = processorOf('b', Promise.resolve());
  for (const id of ['a', 'b']) await coordination.seeProcessor(processor(id));
  a.monitor.engineIs('CATALOG_INVALID', Date.now());
  for (; (await coordination.listAlerts(true, 10)).length === 0; ) await turnOfTheLoop();
  const { openedAt } = (await coordination.listAlerts(true, 10))[0]!;
  b.monitor.engineIs(undefined, Date.now());
  for (; (await coordination.listAlerts(true, 10)).length > 0; ) await turnOfTheLoop();
  await b.monitor.watch(Date.now());
  await b.notifier.drained();
  return { a, b, answer, openedAt };
}
