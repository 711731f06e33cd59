import { checkOrphans, pruneHistory, pruneOrphans } from '../../src/database/prune.ts';
import type { RunRequest } from '../../src/model/run.ts';
import {
  type ContractEngine,
  claim,
  count,
  importUsers,
  OTHER_FINGERPRINT,
  openRun,
  process,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

/** A run from plan to end over all due users. */
async function wholeRun(engine: ContractEngine, overrides: Partial<RunRequest> = {}): Promise<number> {
  const { runId } = await openRun(engine, { chunkSize: 2, maxRounds: 1, ...overrides });
  const fingerprint = overrides.fingerprint ?? undefined;
  for (let i = 0; i < 2; i++) await process(engine, await claim(engine, runId, fingerprint ? { fingerprint } : {}));
  await engine.database.advanceRun(runId);
  return runId;
}

const age = ({ execute }: ContractEngine, table: string, column: string, where = '1 = 1') =>
  execute(`UPDATE cardgenius.${table} SET ${column} = '2020-01-01' WHERE ${where}`);

export const pruneContract: ContractTests = {
  'forget: a user is in no table of ours any more, the latest run included; refused while a chunk has the user': async (
    t,
    engine,
  ) => {
    const { database, maintenance, query, execute, history } = engine;
    const by = { origin: 'cli', person: 'asha' } as const;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine, { chunkSize: 2 });
    await t.throwsAsync(maintenance.forgetUser(userId(2), by), { code: 'USER_IN_CHUNK' });
    await process(engine, await claim(engine, runId));
    await process(engine, await claim(engine, runId));
    await database.advanceRun(runId);
    const longer = [`${userId(2)}7`, `X${userId(2)}`, `${userId(2)}_b`, `a-${userId(2)}`];
    await execute(
      `UPDATE cardgenius.run SET reason = '${userId(2)}: row (${userId(2)}, 1) ${longer.join(' ')} ${userId(2)}.' WHERE run_id = ${runId}`,
    );
    const { rows: removed, ...still } = await maintenance.forgetUser(userId(2), by);
    t.deepEqual(still, { inSpending: true, inRecommendations: true });
    t.is((await database.readRun(runId))?.reason, `***: row (***, 1) ${longer.join(' ')} ***.`, 'other ids stay whole');
    await execute(`UPDATE cardgenius.run SET reason = NULL WHERE run_id = ${runId}`);
    const rows = [
      ...(await query('SELECT user_id FROM cardgenius.completed_user')),
      ...(await query('SELECT user_id_from, user_id_to FROM cardgenius.chunk')),
      ...(await query('SELECT reason FROM cardgenius.run')),
      ...(await query('SELECT subject, reason FROM cardgenius.act')),
    ];
    t.false(JSON.stringify(rows).includes(userId(2)));
    const [chunk] = await query('SELECT user_id_from, user_id_to FROM cardgenius.chunk ORDER BY chunk_no');
    t.is(chunk!.user_id_to, userId(1), 'a neighbour bounds the range');
    t.like((await history.listActs(null, 1))[0], { act: 'forget', subject: null, affected: removed, person: 'asha' });
    t.is((await database.readSpending(userId(2)))?.status, 'completed', 'CashKaro’s tables are CashKaro’s');
    t.like(await maintenance.forgetUser(userId(2), by), { rows: 0 });
    await execute(`UPDATE cardgenius.run SET reason = '[% 1] and **' WHERE run_id = ${runId}`);
    await maintenance.forgetUser('%', by);
    await maintenance.forgetUser('*', by);
    t.is((await database.readRun(runId))?.reason, '[*** 1] and **', 'an id is no pattern');
  },

  'prune: an old run goes with all that is its own; the latest, however old, stays': async (t, engine) => {
    await importUsers(engine, 4);
    const first = await wholeRun(engine);
    await importUsers(engine, 4, n => n * 700);
    const second = await wholeRun(engine);
    await age(engine, 'run', 'finished_at');
    await age(engine, 'import', 'finished_at');

    const pruned = await pruneHistory(engine.maintenance, 90);
    t.like(pruned, { chunk_attempt: 2, completed_user: 4, chunk: 2, run_card: 12, run: 1, import: 2, alert: 0 });
    for (const table of ['run', 'run_card', 'chunk', 'chunk_attempt', 'completed_user']) {
      t.is(await count(engine, `cardgenius.${table}`, `run_id = ${first}`), 0, table);
      t.true((await count(engine, `cardgenius.${table}`, `run_id = ${second}`)) > 0, table);
    }
    t.is(await count(engine, 'card_recommendations'), 40);
    t.true(
      Object.values(await pruneHistory(engine.maintenance, 90)).every(rows => rows === 0),
      'and again: nothing',
    );
  },

  'prune: what is younger stays, and so does the active run, whose chunk goes on': async (t, engine) => {
    await importUsers(engine, 4);
    await wholeRun(engine);
    await importUsers(engine, 4, n => n * 700);
    const { runId } = await openRun(engine, { chunkSize: 2 });
    const lease = await claim(engine, runId);
    await age(engine, 'run', 'started_at');
    t.is((await pruneHistory(engine.maintenance, 90)).run, 0);

    await age(engine, 'run', 'finished_at', 'active_key <> 0');
    t.is((await pruneHistory(engine.maintenance, 90)).run, 1);
    t.is((await process(engine, lease)).completed, 2);
  },

  'prune: a run that was superseded long ago goes as well': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine, { chunkSize: 2 });
    await wholeRun(engine, { fingerprint: OTHER_FINGERPRINT });
    await age(engine, 'run', 'finished_at');
    t.is((await pruneHistory(engine.maintenance, 1)).run, 1);
    t.is(await count(engine, 'cardgenius.chunk', `run_id = ${runId}`), 0);
  },

  'prune: fires but the latest of a schedule, closed alerts, silent processors': async (t, engine) => {
    const { execute } = engine;
    for (const table of ['schedule_fire', 'alert', 'processor']) await execute(`DELETE FROM cardgenius.${table}`);
    for (const day of ['2020-01-01', '2020-01-08', '2020-01-15'])
      await execute(`INSERT INTO cardgenius.schedule_fire (schedule, planned_at, decision, decided_at, decided_by)
                     VALUES ('weekly', '${day}', 'ran', '${day}', 'suite')`);
    await execute(`INSERT INTO cardgenius.schedule_fire (schedule, planned_at, decision, decided_at, decided_by)
                   VALUES ('weekly', '2020-01-16', 'manual', '2020-01-16', 'suite')`);
    for (const closed of ["'2020-01-02'", 'NULL'])
      await execute(`INSERT INTO cardgenius.alert (${engine.target.dialect === 'mssql' ? '[rule]' : 'rule'},
                       subject, severity, message, opened_at, last_seen, closed_at)
                     VALUES ('slow', 'run 1', 'warning', 'slow', '2020-01-01', '2020-01-01', ${closed})`);
    await execute(`INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
                   VALUES ('host:1:a', 'host', 1, '0', '2020-01-01', '2020-01-01')`);
    t.like(await pruneHistory(engine.maintenance, 90), { schedule_fire: 2, alert: 1, processor: 1 });
    t.is(await count(engine, 'cardgenius.schedule_fire', "planned_at = '2020-01-15'"), 1, 'the latest slot');
    t.is(await count(engine, 'cardgenius.alert', 'closed_at IS NULL'), 1);
    for (const table of ['schedule_fire', 'alert']) await execute(`DELETE FROM cardgenius.${table}`);
  },

  'prune: recommendations of users who are gone, and of no other user': async (t, engine) => {
    await importUsers(engine, 12);
    const { runId } = await openRun(engine, { chunkSize: 12 });
    await process(engine, await claim(engine, runId));
    t.deepEqual(await engine.maintenance.countOrphans(), { orphans: 0, rows: 0, users: 12 });
    await engine.execute(`DELETE FROM user_spending_data WHERE user_id IN ('${userId(1)}', '${userId(7)}')`);

    const found = await engine.maintenance.countOrphans();
    t.deepEqual(found, { orphans: 2, rows: 20, users: 12 });
    t.throws(() => checkOrphans(found, false), { message: /2 of 12 users .* more than one in ten/ });
    t.notThrows(() => checkOrphans(found, true));
    t.is(await pruneOrphans(engine.maintenance), 20);
    t.is(await count(engine, 'card_recommendations'), 100);
    t.is(await count(engine, 'card_recommendations', `user_id = '${userId(7)}'`), 0);
  },
};
