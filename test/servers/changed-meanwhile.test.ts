import { join } from 'node:path';
import test from 'ava';
import { runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { onServers } from '../support/servers.ts';

const USERS = 1_500;
const ROOT = join(import.meta.dirname, '../..');

/** What CashKaro's own programs may do to a user at any time; n makes each amount another one. */
const ACTS: readonly ((user: string, n: number) => string)[] = [
  (user, n) =>
    `UPDATE user_spending_data SET avg_amazon_gmv = ${n}.50, processing_status = 'new' WHERE user_id = '${user}'`,
  (user, n) =>
    `UPDATE user_spending_data SET avg_confirmed_gmv = ${n * 7} WHERE user_id = '${user}' AND processing_status = 'pending'`,
  user => `DELETE FROM user_spending_data WHERE user_id = '${user}'`,
  (user, n) =>
    `INSERT INTO user_spending_data (user_id, avg_amazon_gmv, processing_status) VALUES ('${user}x${n}', ${n}, 'new')`,
  user =>
    `UPDATE user_spending_data SET processing_status = 'failed', processing_error = 'THEIRS: by hand' WHERE user_id = '${user}' AND processing_status = 'pending'`,
];

onServers(({ name, create }) => {
  test(`${name}: another client changes, deletes, inserts and re-sets users during the run: no user is completed with stale figures`, async t => {
    t.timeout(600_000);
    await using place = await create();
    await using opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);
    await seedSpending(opened.database, USERS, 1);

    const settings = await loadSettings({ env: {}, cwd: ROOT });
    const loaded = await loadEngine(settings);
    const take = () =>
      runBatch(
        opened.database,
        { ...settings, chunkSize: 150 },
        { kind: 'batch', userLimit: null, processor: 'p', requestedBy: 'test', deadlineAt: null, engine: loaded },
        () => {},
        new AbortController().signal,
      );

    let over = false;
    let acts = 0;
    const meddling = (async () => {
      while (!over) {
        const n = ++acts;
        const user = `CK${String(((n * 7919) % USERS) + 1).padStart(7, '0')}`;
        await place.execute(ACTS[n % ACTS.length]!(user, n));
      }
    })();
    const during = await take();
    over = true;
    await meddling;
    const after = await take();
    t.is(during.state, 'done');
    t.is(after.state, 'done');
    t.log(`${acts} acts during the run; ${during.users} users decided, then ${after.users} more`);

    const faults = (await opened.audit.verifyDatabase()).checks.filter(
      ({ severity, violations }) => severity === 'fail' && violations > 0,
    );
    t.deepEqual(faults, []);
    const { new: left, pending } = await opened.database.countUsers();
    t.deepEqual({ left, pending }, { left: 0, pending: 0 });

    const engine = await createEngine(settings);
    let stale = 0;
    let seen = 0;
    for (let page = await opened.database.exportRecommendations(null, 500); page.length > 0; ) {
      for (let at = 0; at < page.length; at += 10) {
        const { userId, netSavings, cardName } = page[at]!;
        const user = await opened.database.readSpending(userId);
        if (user?.status !== 'completed') continue; // gone, or theirs: last week's rows stay
        seen++;
        const slice = {
          count: 1,
          userNo: Int32Array.of(1),
          amounts: Float64Array.from(user.amounts, amount => amount ?? 0),
        };
        const answer = await engine.recommend(slice);
        const card = engine.cards[answer.cardNo[0]!]!;
        if (card.name !== cardName || answer.yearly[0]! + answer.extra[0]! - card.joiningFees !== netSavings) stale++;
      }
      page = await opened.database.exportRecommendations(page.at(-1)!.userId, 500);
    }
    t.is(stale, 0, `of ${seen} completed users`);
    t.true(seen > USERS / 2);
  });
});
