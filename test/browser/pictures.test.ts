/** The pictures of the documents, all of real runs: taken where CARDGENIUS_PICTURES names a folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Page } from 'playwright-core';
import { type CliRun, cardgenius, newFolder } from '../e2e/cli.ts';
import { inBrowser, openPage, picture, says } from './browser.ts';

/** Thirty of the invented users spend more than the limit, and fail. */
const CONFIG = 'chunkSize: 2500, workers: 1, maxMonthlySpend: 140_000';
const WEEKLY = "{ name: 'weekly', cron: '0 2 * * 1', timeZone: 'Asia/Kolkata', deadlineMinutes: 1 }";

async function open(run: CliRun): Promise<Page & AsyncDisposable> {
  await run.said(/http:\/\/127[\w.:]+\//);
  return openPage(run.text().match(/http:\/\/127[\w.:]+\//)![0], { timezoneId: 'Asia/Kolkata' });
}

const halfDone = (page: Page) => says(page, '#figures', /Done[5-9]\d %/);

async function takeThem(): Promise<void> {
  const at = { cwd: await newFolder(), database: 'pglite:db' };
  const configure = (keys: string) => writeFile(join(at.cwd, 'cron.config.ts'), `export default { ${keys} };`);
  await configure(CONFIG);
  await cardgenius(['seed', '--users', '100000'], at);
  const run = cardgenius(['run', '--dashboard', '0', '--open'], at);
  try {
    await using page = await open(run);
    page.setDefaultTimeout(300_000); // half of a run of 100,000 users, also on a machine that does other work
    await halfDone(page);
    await picture(page, 'dashboard-running');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByLabel('User id').fill('CK0000011');
    await page.keyboard.press('Enter');
    await says(page, '#user', 'is completed');
    await picture(page, 'dashboard-dark');
    await run;
  } finally {
    run.kill('SIGKILL');
  }

  await configure(`${CONFIG}, schedules: [${WEEKLY}]`);
  await cardgenius(['redo', '--all', '--yes'], at);
  await cardgenius(['run', '--dry-run', '--limit', '1000'], at);
  const service = cardgenius(['serve', '--dashboard', '0', '--open'], at);
  try {
    await using page = await open(service);
    page.setDefaultTimeout(300_000); // the rules are looked at every fifteen seconds, and so are the lists
    await says(page, '#alerts-list', 'users_failed');
    await page.getByRole('button', { name: 'Run now: weekly' }).click();
    await page.locator('#ask-yes').click();
    await halfDone(page);
    await picture(page, 'dashboard-serve');
  } finally {
    service.kill('SIGKILL');
  }
}

if (process.env.CARDGENIUS_PICTURES === undefined) {
  test.skip('NO PICTURES: CARDGENIUS_PICTURES names no folder', () => {});
} else {
  inBrowser('the pictures of the documents', async t => {
    t.timeout(600_000);
    await takeThem();
    t.pass();
  });
}
