import { DatabaseError } from '../../src/model/errors.ts';
import { aRun, madeUp } from '../support/dashboard.ts';
import { inBrowser, openPage, openTabs, picture, says, violations, violationsInBoth } from './browser.ts';
import { FAILURES, sceneAt } from './scenes.ts';

const READ = 'read-token-of-the-test-9f3c';

inBrowser('a run is watched from nothing to its end without a reload, and no rule of axe is broken', async t => {
  t.timeout(600_000);
  await using at = await madeUp({ run: undefined });
  await using page = await openPage(at.url);
  await says(page, '#verdict', 'No run yet');
  t.deepEqual(await violationsInBoth(page), []);
  await picture(page, 'nothing');
  await page.evaluate(() => Object.assign(globalThis, { stayed: true }));

  Object.assign(at.scene, sceneAt(23));
  await says(page, '#verdict', 'Running well.');
  await says(page, '#figures', '57,500 of 1,00,000 users');
  t.regex(await page.title(), /^57 % running · CardGenius$/);
  t.regex((await page.locator('#icon').getAttribute('href'))!, /^data:image\/svg/);
  t.is(await page.locator('#chart canvas').count(), 1);
  t.is(await page.locator('#cells i').count(), 40);
  t.is(await page.locator('#cells i.slow').count(), 1);
  await says(page, '#chunk-text', '23 of 40 closed');
  await says(page, '#processors-list', /batch-1:412\d:9f3c/);
  await says(page, '#processors-list', /chunk 24 until \d/);
  t.deepEqual(await violationsInBoth(page), []);
  await says(page, '#runs-list', 'running');
  await picture(page, 'running');

  Object.assign(at.scene, sceneAt(40));
  await says(page, '#verdict', 'Done: 1,00,000 users have their ten cards.');
  await says(page, '#runs-list', 'done');
  t.true(await page.evaluate(() => (globalThis as unknown as { stayed: boolean }).stayed));
});

inBrowser('the verdict: no processor works, nothing happens, an alert is open, a dry run', async t => {
  t.timeout(600_000);
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  const { run, chunks } = sceneAt(23);
  const dead = chunks.map(chunk => ({
    ...chunk,
    closedAt: chunk.closedAt && ago(600),
    startedAt: chunk.startedAt && ago(610),
    leaseUntil: chunk.leaseUntil && ago(540),
  }));
  const started = { ...run, startedAt: ago(700) };
  const alerts: object[] = [];
  await using at = await madeUp({ run: started, chunks: dead }, { providers: { alerts: async () => alerts } });
  await using page = await openPage(at.url);
  await says(page, '#verdict', 'No processor works on it.');
  await says(page, '#why', /Nothing has happened for 10 min/);
  at.scene.chunks = dead.map(chunk => ({ ...chunk, leaseUntil: chunk.leaseUntil && new Date(Date.now() + 60_000) }));
  await says(page, '#verdict', /^Running, but no chunk was begun or closed for 10 min/);
  const opened = { severity: 'warning', subject: 'weekly', message: 'm', openedAt: ago(5), closedAt: null };
  alerts.push({ rule: 'fire_missed', ...opened });
  Object.assign(at.scene, sceneAt(24));
  at.scene.run = { ...at.scene.run!, deadlineAt: null, runId: 8 };
  await says(page, '#verdict', 'Running; an alert is open.');
  Object.assign(at.scene, sceneAt(40));
  at.scene.run = { ...at.scene.run!, runId: 9, kind: 'dry_run' };
  await says(page, '#verdict', 'A dry run: done: 1,00,000 users would have their ten cards.');
  await says(page, '#runs-list', 'dry run');
  t.deepEqual(await violations(page), []);
});

inBrowser('retry is pressed by keyboard and seen to work', async t => {
  t.timeout(600_000);
  let groups = FAILURES;
  const retried: unknown[] = [];
  const audit = {
    retryUsers: async (filter: { code: string | null }) => {
      retried.push(filter.code);
      groups = groups.filter(({ code }) => code !== filter.code);
      return 1_23_456;
    },
  };
  await using at = await madeUp(sceneAt(30, 400), {
    errorRateLimit: 0.001,
    audit,
    providers: { failures: async () => groups },
  });
  await using page = await openPage(at.url);
  await says(page, '#verdict', /Too many users fail/);
  await says(page, '#failures-list', '1,23,456');
  t.deepEqual(await violations(page), []);
  await picture(page, 'failures');
  await page.getByRole('button', { name: 'Retry users failed with INVALID_SPENDING' }).focus();
  await page.keyboard.press('Enter');
  await says(page, '#ask-title', 'Retry the 1,23,456 users who failed with INVALID_SPENDING?');
  t.deepEqual(retried, [], 'it asks first');
  t.deepEqual(await violations(page), []);
  await picture(page, 'asks');
  await page.getByRole('button', { name: 'Retry', exact: true }).last().focus();
  await page.keyboard.press('Enter');
  await says(page, '#failures-note', '1,23,456 users who failed with INVALID_SPENDING are new again.');
  t.deepEqual(retried, ['INVALID_SPENDING']);
  await page.getByRole('button', { name: 'INVALID_SPENDING' }).waitFor({ state: 'detached' });
});

inBrowser('a token is refused, and accepted; without the right to act there is no button', async t => {
  t.timeout(600_000);
  const providers = { failures: async () => FAILURES };
  await using at = await madeUp(sceneAt(3), { providers, tokens: { read: READ, act: undefined }, audit: { retryUsers: async () => 0 } }); // biome-ignore format: one line
  await using page = await openPage(at.url);
  await page.getByLabel('Token').fill('wrong-token-of-the-test');
  await page.keyboard.press('Enter');
  await says(page, '#sign-in-error', 'That token is not known here.');
  t.deepEqual(await violationsInBoth(page), []);
  await page.getByLabel('Token').fill(READ);
  await page.keyboard.press('Enter');
  await says(page, '#verdict', 'Running');
  await says(page, '#failures-list', 'INVALID_SPENDING');
  t.is(await page.getByRole('button', { name: /^Retry/ }).count(), 0);
});

inBrowser('through a proxy the page of a dashboard without a token says what to do', async t => {
  t.timeout(600_000);
  await using at = await madeUp(sceneAt(3));
  await using page = await openPage(at.url, { extraHTTPHeaders: { 'x-forwarded-for': '203.0.113.7' } });
  await says(page, '#sign-in-error', /came through a proxy. Set CARDGENIUS_DASHBOARD_TOKEN/);
  t.false(await page.locator('#page').isVisible());
  t.deepEqual(await violationsInBoth(page), []);
});

inBrowser('the database goes away and comes back: the page says so, keeps what it has, and goes on', async t => {
  t.timeout(600_000);
  await using at = await madeUp(sceneAt(10));
  await using page = await openPage(at.url);
  await says(page, '#figures', '25,000 of 1,00,000');
  at.scene.away = true;
  await says(page, '#verdict', /The database has not answered since /);
  await says(page, '#why', /DATABASE_AWAY/);
  await picture(page, 'away');
  t.true(await page.locator('#figures').filter({ hasText: '25,000' }).isVisible());
  t.deepEqual(await violationsInBoth(page), []);
  at.scene.away = false;
  Object.assign(at.scene, sceneAt(20));
  await says(page, '#figures', '50,000 of 1,00,000');
  await says(page, '#verdict', /Running/);
  t.pass();
});

inBrowser('dark, and on a phone: nothing overflows, axe is content, a user is found', async t => {
  t.timeout(600_000);
  const user = async (userId: string) =>
    userId !== 'CK1' ? undefined : {
      userId, status: 'completed', error: null, spending: ['50000.00', null, '0.00', '0.00', '1200.50', '120000.00'],
      cards: [1, 2, 3].map(rank => ({ rank, name: `Card ${rank} with a rather long name of a bank`, net: `${123456 - rank}.50`, steps: [['Amazon', '₹50,000.00 a month × 1 point for every ₹100 = 500.00 points'], ['savings', '500.00 points a month × ₹0.2500 × 12 months = ₹1,500.00 a year']] })),
    }; // biome-ignore format: data
  const providers = { user, failures: async () => FAILURES };
  await using at = await madeUp({ ...sceneAt(30, 90) }, { providers, audit: { retryUsers: async () => 0 } });
  await using page = await openPage(at.url, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await page.getByLabel('User id').fill('CK2');
  await page.keyboard.press('Enter');
  await says(page, '#user', 'There is no such user.');
  await page.getByLabel('User id').fill('CK1');
  await page.keyboard.press('Enter');
  await says(page, '#user', '₹1,23,455.50');
  await says(page, '#user', '₹50,000.00 a month × 1 point');
  await says(page, '#failures-list', 'ENGINE_FAILED');
  t.deepEqual(await violations(page), []);
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
  await picture(page, 'phone');
  await page.setViewportSize({ width: 1100, height: 900 });
  t.deepEqual(await violations(page), []);
  await picture(page, 'dark');
});

inBrowser('a run has a page of its own: by link, by address, and back', async t => {
  t.timeout(600_000);
  const now = sceneAt(23);
  const old = aRun({ runId: 3, state: 'done', completed: 388, failed: 12, startedAt: new Date(Date.now() - 9e7), finishedAt: new Date(Date.now() - 8.9e7) }); // biome-ignore format: one line
  const acts = async () => [{ actedAt: new Date(), act: 'accept_gate', person: 'asha@corp', origin: 'page', login: 'svc', affected: null, reason: 'looked at', subject: null }]; // biome-ignore format: one line
  const commonestFailure = async () => ({ code: 'INVALID_SPENDING', users: 37, seen: 40 });
  now.chunks[0] = { ...now.chunks[0]!, firstCardsKnown: 2_000, firstCardsChanged: 120 };
  await using at = await madeUp({ ...now, runs: [now.run, old] }, { providers: { acts, commonestFailure } });
  await using page = await openPage(at.url);
  await page.getByRole('link', { name: 'Run 3' }).click();
  await says(page, '#verdict', 'Done: 388 users have their ten cards.');
  t.regex(page.url(), /\/runs\/3$/);
  await says(page, '#acts-list', 'asha@corp');
  await says(page, '#facts', '120 of 2,000 users looked at who had cards, 6 %');
  await says(page, '#facts', 'INVALID_SPENDING: 37 of 40 looked at');
  t.false(await page.locator('#lists').isVisible());
  t.deepEqual(await violationsInBoth(page), []);
  await picture(page, 'one-run');
  await page.reload();
  await says(page, '#verdict', 'Done: 388 users have their ten cards.');
  await page.goBack();
  await says(page, '#verdict', 'Running well.');
  await page.goto(`${at.url}runs/99`);
  await says(page, '#verdict', 'There is no run 99.');
});

inBrowser(
  'a gate shows what it saw, and has its two buttons; what went wrong is said, and can be tried again',
  async t => {
    t.timeout(600_000);
    const scene = sceneAt(12, 300);
    const reason = 'GATE_FAILED_SHARE: 300 of 2,500 users failed, 12 % (limit 5 %)';
    const run = { ...scene.run, state: 'paused' as const, reason };
    let refuse = true;
    const steer = async () => {
      if (refuse) throw new DatabaseError('DATABASE_AWAY', 'away', 'ambiguous');
      return { runId: 7, state: 'running' };
    };
    await using at = await madeUp({ ...scene, run }, { steer });
    await using page = await openPage(at.url, { viewport: { width: 390, height: 844 } });
    await says(page, '#verdict', 'Held at a gate');
    await says(page, '#why', reason);
    t.deepEqual(await page.locator('#run-acts button').allInnerTexts(), ['Publish all the same', 'Cancel the run']);
    t.deepEqual(await violationsInBoth(page), []);
    await picture(page, 'gate-phone');
    await page.getByRole('button', { name: 'Publish all the same' }).click();
    await page.locator('#ask-yes').click();
    await says(page, '#ask-error', 'Not done: DATABASE_AWAY');
    refuse = false;
    await page.locator('#ask-yes').click();
    await says(page, '#acts-note', 'Run 7 passes its gates and goes on.');
    t.pass();
  },
);

inBrowser('seven tabs share one stream; a tab that is opened later is told at once', async t => {
  t.timeout(600_000);
  await using at = await madeUp(sceneAt(10), { streamsPerClient: 1, pollMs: 1_000 });
  await using tabs = await openTabs(at.url, 7);
  for (const tab of tabs.pages) await says(tab, '#figures', '25,000 of 1,00,000');
  Object.assign(at.scene, sceneAt(20));
  for (const tab of tabs.pages) await says(tab, '#figures', '50,000 of 1,00,000');
  t.is(tabs.pages.length, 7);
});

inBrowser('the process ends and is started anew: the page finds it again, and its buttons work', async t => {
  t.timeout(600_000);
  const audit = { retryUsers: async () => 3 };
  const providers = { failures: async () => FAILURES };
  const tokens = { read: READ, act: 'act-token-of-the-test-41d8' };
  const before = await madeUp(sceneAt(10), { audit, providers, tokens });
  await using page = await openPage(`${before.url}#token=${tokens.act}`);
  await says(page, '#figures', '25,000 of 1,00,000');
  t.notRegex(page.url(), /token/);
  await before.dashboard.close();
  await says(page, '#link', 'The process has ended');
  await using after = await madeUp(sceneAt(20), { audit, providers, tokens }, Number(new URL(before.url).port));
  await says(page, '#figures', '50,000 of 1,00,000');
  await page.getByRole('button', { name: 'Retry users failed with ENGINE_FAILED' }).click();
  await page.locator('#ask-yes').click();
  await says(page, '#failures-note', '3 users who failed with ENGINE_FAILED are new again.');
  t.is(after.url, before.url);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
});

inBrowser('many alerts stand above everything, the worst first; paper and less motion', async t => {
  t.timeout(600_000);
  const alert = (rule: string, severity: string) => ({ rule, severity, subject: 'run 7', message: `It is ${rule}`, openedAt: new Date(), closedAt: null }); // biome-ignore format: one line
  const alerts = [
    alert('late', 'warning'),
    alert('stuck', 'critical'),
    alert('slow', 'warning'),
    alert('odd', 'warning'),
  ];
  await using at = await madeUp(sceneAt(10), { providers: { alerts: async () => alerts } });
  await using page = await openPage(at.url, { reducedMotion: 'reduce' });
  await says(page, '#banner', 'Critical: It is stuck');
  t.regex(await page.locator('#banner li').first().innerText(), /stuck/);
  await says(page, '#banner', 'and 1 more');
  t.deepEqual(await violationsInBoth(page), []);
  await picture(page, 'alerts');
  await page.emulateMedia({ media: 'print' });
  t.false(await page.locator('#link').isVisible());
  await picture(page, 'paper');
});
