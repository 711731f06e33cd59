import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { type CliRun, cardgenius, newFolder } from '../e2e/cli.ts';
import { createDatabase, hasSqlServer, NO_SERVER, startSqlServer } from '../support/sql-server.ts';
import { wireTo } from '../support/wire.ts';
import { inBrowser, openPage, picture, says, violationsInBoth } from './browser.ts';

const USERS = 3_000;
const FAILING = 2;
const ACT = 'act-token-of-the-test-41d8';

/** A folder with a database of users who are due; a few of them will fail. */
async function aDatabase(): Promise<{ cwd: string; database: string }> {
  const cwd = await newFolder();
  {
    await using opened = await openDatabase(`pglite:${join(cwd, 'db')}`);
    await seedSpending(opened.database, USERS, 1);
  }
  await sql(cwd, `UPDATE user_spending_data SET avg_amazon_gmv = -1 WHERE user_id <= 'CK000000${FAILING}'`);
  return { cwd, database: 'pglite:db' };
}

async function sql(cwd: string, text: string): Promise<Record<string, unknown>[]> {
  const pglite = new Pglite(join(cwd, 'db'));
  try {
    return await pglite.query<Record<string, unknown>>(text);
  } finally {
    await pglite.close();
  }
}

/** Where a process says that its dashboard is. */
async function addressOf(run: CliRun): Promise<string> {
  await run.said(/http:\/\/127[\w.:]+\//);
  return run.text().match(/http:\/\/127[\w.:]+\//)![0];
}

/** Notes down, in the page itself, each state of the bar; gone where the page is loaded anew. */
const noteProgress = (page: Page) =>
  page.evaluate(`
    globalThis.seen = [];
    new MutationObserver(() => {
      const share = document.getElementById('progress').value;
      if (seen.at(-1) !== share) seen.push(share);
    }).observe(document.getElementById('figures'), { childList: true });
  `);

const figure = (page: Page, name: string) =>
  page.locator('#figures div').filter({ hasText: name }).first().locator('dd').first().innerText();

inBrowser('a real run is watched to its end without a reload; its figures are those of status and of SQL', async t => {
  t.timeout(600_000);
  const at = await aDatabase();
  const run = cardgenius(['run', '--chunk-size', '10', '--workers', '1', '--dashboard', '0', '--open'], at);
  try {
    await using page = await openPage(await addressOf(run));
    await noteProgress(page);
    await says(page, '#verdict', 'Running');
    await says(page, '#processors-list', /chunk \d+ until \d/);
    await says(page, '#verdict', 'Done: 2,998 users have their ten cards.');
    await says(page, '#link', 'The process has ended');
    await says(page, '#runs-list', 'done');
    await says(page, '#failures-list', 'CK0000001, CK0000002');
    t.is((await run).code, 0);

    const seen = (await page.evaluate('seen')) as number[];
    t.true(seen.length >= 3, `the bar moved: ${seen.join(' ')}`);
    t.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    t.is(seen.at(-1), 1);
    t.deepEqual(await violationsInBoth(page), []);
    await picture(page, 'real-done');

    t.is(await figure(page, 'Failed'), '0.07 %');
    await says(page, '#figures', '2 users, limit 0.1 %');
    const status = JSON.parse((await cardgenius(['status', '--json'], at)).stdout);
    t.like(status, { completed: 2_998, failed: 2, run: { completed: 2_998, failed: 2, state: 'done' } });
    const [counted] = await sql(
      at.cwd,
      `SELECT COUNT(*) FILTER (WHERE processing_status = 'completed')::int AS completed,
              COUNT(*) FILTER (WHERE processing_status = 'failed')::int AS failed,
              (SELECT COUNT(*)::int FROM card_recommendations) AS rows
       FROM user_spending_data`,
    );
    t.deepEqual(counted, { completed: 2_998, failed: 2, rows: 29_980 });
  } finally {
    run.kill('SIGKILL');
  }
});

inBrowser(
  'serve: run now is pressed and a run is done; retry puts who failed back, and the next run takes them',
  async t => {
    t.timeout(600_000);
    const at = await aDatabase();
    await writeFile(
      join(at.cwd, 'cron.config.ts'),
      "export default { workers: 1, schedules: [{ name: 'yearly', cron: '0 0 1 1 *' }] };",
    );
    process.env.CARDGENIUS_DASHBOARD_TOKEN = 'read-token-of-the-test-9f3c';
    process.env.CARDGENIUS_DASHBOARD_ACT_TOKEN = ACT;
    const service = cardgenius(['serve', '--dashboard', '0'], at);
    delete process.env.CARDGENIUS_DASHBOARD_TOKEN;
    delete process.env.CARDGENIUS_DASHBOARD_ACT_TOKEN;
    try {
      const url = await addressOf(service);
      t.is((await fetch(`${url}metrics`)).status, 401);
      await using page = await openPage(url);
      await page.getByLabel('Token').fill('wrong-token-of-the-test');
      await page.keyboard.press('Enter');
      await says(page, '#sign-in-error', 'That token is not known here.');
      await page.getByLabel('Token').fill(ACT);
      await page.keyboard.press('Enter');
      await says(page, '#verdict', 'No run yet');
      await says(page, '#schedules-list', 'Not fired yet');
      await says(page, '#processors-list', '(leads)');

      await page.getByRole('button', { name: 'Run now: yearly' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('#ask-yes').click();
      await says(page, '#schedules-note', 'Run 1 is open; the next free processor works on it.');
      await says(page, '#verdict', 'Done: 2,998 users have their ten cards.');
      await says(page, '#schedules-list', 'manual, run 1 done');
      await says(page, '#failures-list', 'CK0000001, CK0000002');
      t.deepEqual(await violationsInBoth(page), []);
      await picture(page, 'real-serve');
      const metrics = await (await fetch(`${url}metrics`, { headers: { authorization: `Bearer ${ACT}` } })).text();
      t.regex(metrics, /^cardgenius_users_total\{outcome="failed"\} 2$/m);
      t.regex(metrics, /^cardgenius_database_connections_limit\{pool="embedded"\} 1$/m);
      t.regex(metrics, /^process_resident_memory_bytes \d+$/m);

      await page.getByRole('button', { name: 'Retry users failed with INVALID_SPENDING' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('#ask-yes').click();
      await says(page, '#failures-note', '2 users who failed with INVALID_SPENDING are new again.');
      await says(page, '#failures-list', 'No user has failed.');

      await page.getByRole('button', { name: 'Run now: yearly' }).click();
      await page.locator('#ask-yes').click();
      await says(page, '#runs-list', /2\s*real\s*done/);
      await says(page, '#failures-list', 'INVALID_SPENDING'); // their spends were not mended
      service.kill('SIGTERM');
      t.is((await service).code, 0);
      await says(page, '#link', 'The process has ended');
      const runs = await sql(
        at.cwd,
        'SELECT run_id::int, failed::int, planned_users::int FROM cardgenius.run_progress ORDER BY 1',
      );
      t.deepEqual(runs, [
        { run_id: 1, failed: 2, planned_users: 3_000 },
        { run_id: 2, failed: 2, planned_users: 2 },
      ]);
    } finally {
      service.kill('SIGKILL');
    }
  },
);

if (hasSqlServer()) {
  inBrowser('a real server goes away and comes back: the page says so, and goes on', async t => {
    t.timeout(600_000);
    await using server = await startSqlServer();
    await using place = await createDatabase(server);
    await using opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);
    const far = { host: server.url.hostname, port: Number(server.url.port || 1433) };
    const wire = await wireTo(far.host, far.port);
    const url = new URL(place.url);
    url.hostname = '127.0.0.1';
    url.port = String(wire.port);
    const dashboard = cardgenius(['dashboard', '--port', '0', '--open'], {
      cwd: await newFolder(),
      database: url.href,
    });
    try {
      await using page = await openPage(await addressOf(dashboard));
      await says(page, '#verdict', 'No run yet');
      await wire[Symbol.asyncDispose]();
      await says(page, '#verdict', /The database has not answered since/);
      await using _back = await wireTo(far.host, far.port, wire.port);
      await says(page, '#verdict', 'No run yet');
      t.deepEqual(await violationsInBoth(page), []);
      dashboard.kill('SIGINT');
      t.is((await dashboard).code, 0);
    } finally {
      dashboard.kill('SIGKILL');
    }
  });
} else console.error(`\n${NO_SERVER}\n`);
