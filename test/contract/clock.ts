import { isPresent, type Processor } from '../../src/model/service.ts';
import { claim, count, importUsers, openRun, runRequest } from './context.ts';
import type { ContractTests } from './suite.ts';

const processor = (id: string): Processor => ({ id, host: 'here', pid: 1, version: '0' });
const AHEAD = "'2050-01-01'";
const SLOT = new Date('2026-11-22T20:30:00.000Z');

/** What was written while the database's clock was ahead lies in the future, once it is put right: none of it is believed. */
export const clockContract: ContractTests = {
  'clock: a leader under a lease of the future leads no more, and the next is told how far the clock was set back':
    async (t, { coordination, execute }) => {
      const first = await coordination.lead(processor('a'), 60);
      t.is(first.clockBackSeconds, 0);
      await execute(`UPDATE cardgenius.leader SET elected_at = ${AHEAD}, lease_until = ${AHEAD}`);
      const next = await coordination.lead(processor('b'), 60);
      t.is(next.owner, 'b');
      t.true(next.clockBackSeconds > 86_400);
      t.is(next.leaseUntil.getTime() - next.now.getTime(), 60_000);
      t.is((await coordination.lead(processor('a'), 60)).clockBackSeconds, 0, 'told once');

      await execute(`UPDATE cardgenius.leader SET elected_at = ${AHEAD}`);
      const again = await coordination.lead(processor('b'), 60);
      t.true(again.electedAt <= again.now, 'its own term of the future is a new one');
    },

  'clock: a processor that was seen in the future is not at work, and none is seen a negative time ago': async (
    t,
    { coordination, execute },
  ) => {
    await coordination.lead(processor('dead'), 60);
    await execute(`UPDATE cardgenius.processor SET last_seen = ${AHEAD}`);
    await execute(`UPDATE cardgenius.leader SET lease_until = ${AHEAD}`);
    const [dead] = await coordination.listProcessors(10);
    t.true(dead!.silentSeconds > 86_400);
    t.false(dead!.leads);
    t.false(isPresent(dead!));
  },

  'clock: a schedule that was first seen in the future is known from now on': async (t, { coordination, execute }) => {
    await coordination.seeSchedule('weekly', '0 2 * * 1', 'UTC');
    await execute(`UPDATE cardgenius.schedule SET known_since = ${AHEAD}`);
    const { knownSince } = await coordination.seeSchedule('weekly', '0 2 * * 1', 'UTC');
    t.true(knownSince.getTime() < Date.parse('2049-01-01'));
  },

  'clock: slots that were decided in the future are decided anew, and an act says how many; those by hand stay': async (
    t,
    engine,
  ) => {
    const { coordination, execute, history } = engine;
    const { requestedBy: _, deadlineAt: __, ...run } = runRequest();
    const standard = { schedule: 'weekly', note: null, decidedBy: 'a', electedAt: null, deadlineMinutes: null, run };
    const decide = (plannedAt: Date, decision: 'skipped' | 'manual') =>
      coordination.recordFire({ ...standard, plannedAt, decision });
    await decide(SLOT, 'skipped');
    for (const day of ['2026-11-23', '2049-12-01', '2049-12-02']) await decide(new Date(day), 'skipped');
    await decide(new Date('2049-12-03'), 'manual');
    await execute(`UPDATE cardgenius.schedule_fire SET decided_at = ${AHEAD} WHERE planned_at > '2026-11-22T23:00:00'`);

    const doubted = await coordination.seeSchedule('weekly', '0 2 * * 1', 'UTC', false);
    t.deepEqual(doubted.lastPlanned, new Date('2049-12-02'), 'not where the caller’s own clock says otherwise');
    const seen = await coordination.seeSchedule('weekly', '0 2 * * 1', 'UTC', true);
    t.deepEqual(seen.lastPlanned, SLOT);
    t.deepEqual(
      (await coordination.listFires('weekly', 10)).map(({ decision }) => decision),
      ['manual', 'skipped'],
    );
    t.like((await history.listActs(null, 1))[0], {
      act: 'clock',
      subject: 'weekly',
      affected: 3,
      origin: 'processor',
    });
    await coordination.seeSchedule('weekly', '0 2 * * 1', 'UTC');
    t.is(await count(engine, 'cardgenius.act', "act = 'clock'"), 1);
  },

  'clock: a leader records no slot that lies in the future by the database': async (t, { coordination }) => {
    const { electedAt } = await coordination.lead(processor('a'), 60);
    const { requestedBy: _, deadlineAt: __, ...run } = runRequest();
    const request = { schedule: 'weekly', decision: 'ran', note: null, decidedBy: 'a', deadlineMinutes: null } as const;
    const answer = await coordination.recordFire({ ...request, plannedAt: new Date('2049-12-01'), electedAt, run });
    t.is(answer.outcome, 'not_leader');
    t.deepEqual(await coordination.listFires('weekly', 1), []);
  },

  'clock: an alert that was told in the future is reminded of once, and again after its time': async (
    t,
    { coordination, execute },
  ) => {
    const raise = () =>
      coordination.raiseAlert({
        rule: 'r',
        subject: 's',
        severity: 'warning',
        message: 'm',
        remindSeconds: 3_600,
        openedAt: null,
        teller: 'a',
      });
    await raise();
    await execute(`UPDATE cardgenius.alert SET opened_at = ${AHEAD}`);
    t.is((await raise()).outcome, 'reminded');
    t.is((await raise()).outcome, 'open');
  },

  'clock: a chunk leased into the future, or put back until then, is claimed; nor does such a lease keep a run alive':
    async (t, engine) => {
      const { execute, database } = engine;
      await importUsers(engine, 4);
      const { runId } = await openRun(engine);
      const first = await claim(engine, runId);
      await execute(`UPDATE cardgenius.chunk SET lease_until = ${AHEAD}`);
      const second = await claim(engine, runId);
      t.is(second.chunkNo, first.chunkNo);
      t.not(second.token, first.token);

      await database.releaseChunk(second);
      await execute(`UPDATE cardgenius.chunk SET not_before = ${AHEAD}`);
      t.is((await claim(engine, runId)).chunkNo, first.chunkNo);

      await execute(`UPDATE cardgenius.chunk SET lease_until = ${AHEAD}`);
      t.is((await database.changeRunState(runId, 'stopped', 'Ctrl-C'))?.state, 'stopped');
      const next = await database.openRun(runRequest({ fingerprint: 'c'.repeat(64) }));
      t.is(next.outcome, 'superseded');
    },

  'clock: the spends of an import that began in the future are swept': async (t, engine) => {
    const { execute, database } = engine;
    const loadNo = await database.beginImport('x.csv');
    await database.stageSpending(loadNo, [{ lineNo: 2, userId: 'CK1', amounts: [1, null, 0, 0, 0, 1] }]);
    t.is(await database.sweepStaging(), 0);
    await execute(`UPDATE cardgenius.import SET started_at = ${AHEAD}`);
    t.is(await database.sweepStaging(), 1);
  },
};
