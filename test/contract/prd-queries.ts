/** The questions that operators ask by hand (queries/<dialect>/prd_*.sql), each against a count by hand. */
import { readQuery } from '../../src/database/migrate/sql-files.ts';
import { optionalColumns } from '../../src/model/contract.ts';
import { type ContractEngine, claim, importUsers, openRun, process, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

async function ask(engine: ContractEngine, name: string): Promise<Record<string, unknown>[]> {
  return engine.query(await readQuery(engine.target.dialect, name));
}

export const prdQueriesContract: ContractTests = {
  'the questions of operators: progress and failures': async (t, engine) => {
    const has = new Set(optionalColumns(await engine.target.contractColumns()));
    await importUsers(engine, 6);
    t.is(Number((await ask(engine, 'prd_users_left'))[0]!.users_left), 6);
    const { runId } = await openRun(engine, { chunkSize: 4 });
    await process(engine, await claim(engine, runId), { failed: [2] });
    await claim(engine, runId);
    t.is(Number((await ask(engine, 'prd_users_left'))[0]!.users_left), 2, 'pending ones are left, too');
    if (!has.has('user_spending_data.last_processed_at')) return;

    const byStatus = await ask(engine, 'prd_users_by_status');
    t.deepEqual(
      byStatus.map(row => [row.processing_status, Number(row.users), row.oldest !== null, row.latest !== null]),
      [
        ['completed', 3, true, true],
        ['failed', 1, true, true],
        ['pending', 2, false, false],
      ],
    );
    const minutes = await ask(engine, 'prd_users_per_minute');
    t.is(
      minutes.reduce((sum, row) => sum + Number(row.users), 0),
      4,
    );
    t.deepEqual(await ask(engine, 'prd_failed_over_an_hour'), []);
    await engine.execute(
      `UPDATE user_spending_data SET last_processed_at = '2024-01-02T03:04:05' WHERE processing_status = 'failed'`,
    );
    t.deepEqual(
      (await ask(engine, 'prd_failed_over_an_hour')).map(row => row.user_id),
      [userId(2)],
    );
    if (!has.has('card_recommendations.batch_id') || !has.has('card_recommendations.processed_at')) return;
    const [last] = await ask(engine, 'prd_last_batch');
    const [run] = await engine.query(`SELECT batch_id FROM cardgenius.run WHERE run_id = ${runId}`);
    t.like(last, { batch_id: run!.batch_id });
    t.deepEqual([Number(last!.users), Number(last!.rows_written)], [3, 30]);
  },

  'the questions of operators: wrong rows, each found and no other': async (t, engine) => {
    await importUsers(engine, 3);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    for (const name of ['prd_not_ten', 'prd_net_wrong', 'prd_nulls', 'prd_duplicates']) {
      t.deepEqual(await ask(engine, name), [], name);
    }
    await engine.execute(`DELETE FROM card_recommendations WHERE user_id = '${userId(1)}' AND rank > 8`);
    await engine.execute(`UPDATE card_recommendations SET net_savings = 1 WHERE user_id = '${userId(2)}' AND rank = 3`);
    await engine.execute(
      `UPDATE card_recommendations SET card_name = 'Card 00' WHERE user_id = '${userId(3)}' AND rank = 2`,
    );
    const notTen = await ask(engine, 'prd_not_ten');
    t.deepEqual(
      notTen.map(row => [row.user_id, Number(row.recommendations)]),
      [[userId(1), 8]],
    );
    t.deepEqual(
      (await ask(engine, 'prd_net_wrong')).map(row => [row.user_id, Number(row.rank), Number(row.net_savings)]),
      [[userId(2), 3, 1]],
    );
    t.deepEqual(
      (await ask(engine, 'prd_duplicates')).map(row => [row.user_id, row.what, Number(row.times)]),
      [[userId(3), 'card Card 00', 2]],
    );
  },

  'recommendation_rupees: points are worth their rate, month by month': async (t, engine) => {
    await importUsers(engine, 1);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    const [row] = await engine.query(
      `SELECT v.amazon_rupees, v.other_online_rupees, v.net_savings, r.net_savings AS stored_net,
              r.amazon_points, r.other_online_points, r.redemption_rate
       FROM cardgenius.recommendation_rupees AS v
       JOIN card_recommendations AS r ON r.user_id = v.user_id AND r.rank = v.rank
       WHERE v.rank = 4`,
    );
    const worth = (points: unknown) => Number(points) * Number(row!.redemption_rate);
    t.true(Math.abs(Number(row!.amazon_rupees) - worth(row!.amazon_points)) < 1e-6);
    t.true(Math.abs(Number(row!.other_online_rupees) - worth(row!.other_online_points)) < 1e-6);
    t.is(Number(row!.net_savings), Number(row!.stored_net));
  },
};
