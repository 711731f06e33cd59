import { join } from 'node:path';
import test from 'ava';
import { runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { createServerDatabase, hasPostgresServer, NO_POSTGRES } from '../support/postgres-server.ts';

const USERS = 3_000;
/** Rows of user_spending_data fetched for each user of a run: claimed, decided, checked, and what lies between. */
const MOST_FETCHED = 40;

if (hasPostgresServer()) {
  test('a run looks each user up by key, whatever the statistics say of statuses: none is pending when a table is analysed', async t => {
    t.timeout(600_000);
    await using place = await createServerDatabase();
    const settings = await loadSettings({ env: {}, cwd: join(import.meta.dirname, '../..') });
    const engine = await loadEngine(settings);
    {
      await using opened = await openDatabase(place.url, { checkSchema: false });
      await migrate(opened.target);
      await seedSpending(opened.database, USERS, 1);
    }
    /** What sessions did is told as they end. */
    const fetched = async () => {
      const others = 'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
      while ((await place.query(others)).length > 0);
      const [row] = await place.query(
        "SELECT idx_tup_fetch + seq_tup_read AS rows FROM pg_stat_user_tables WHERE relname = 'user_spending_data'",
      );
      return Number(row!.rows);
    };
    for (const known of ['new', 'completed']) {
      await place.execute('ANALYZE public.user_spending_data, public.card_recommendations');
      const before = await fetched();
      {
        await using opened = await openDatabase(place.url);
        if (known === 'completed') await opened.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true);
        const outcome = await runBatch(
          opened.database,
          { ...settings, chunkSize: 1_000 },
          { kind: 'batch', userLimit: null, processor: 'p', requestedBy: 'test', deadlineAt: null, engine },
          () => {},
          new AbortController().signal,
        );
        t.is(outcome.completed, USERS);
      }
      const perUser = ((await fetched()) - before) / USERS;
      t.log(`all known as ${known}: ${perUser.toFixed(1)} rows fetched for each user`);
      t.true(perUser < MOST_FETCHED, `all known as ${known}: ${perUser} rows fetched for each user`);
    }
  });
} else {
  console.error(`\n${NO_POSTGRES}\n`);
  test.skip('a run looks each user up by key', () => {});
}
