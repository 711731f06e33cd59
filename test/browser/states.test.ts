/** Every state of the page, at a desk, on a phone and in the dark: nothing overflows, no rule of axe is broken; pictures for people to look at. */
import { aRun, madeUp } from '../support/dashboard.ts';
import { inBrowser, openPage, picture, says, violations } from './browser.ts';
import { FAILURES, sceneAt } from './scenes.ts';

const VIEWS = {
  desk: { viewport: { width: 1100, height: 900 } },
  phone: { viewport: { width: 390, height: 844 } },
  dark: { viewport: { width: 1100, height: 900 }, colorScheme: 'dark' },
} as const;

const old = (runId: number, more: object = {}) => {
  const startedAt = new Date(Date.now() - runId * 6 * 86_400_000);
  const minutes = 20 + ((runId * 7) % 11);
  const finishedAt = new Date(startedAt.getTime() + minutes * 60_000);
  return aRun({ runId: 20 - runId, state: 'done', plannedUsers: 100_000, completed: 99_950 - runId, failed: 50 + runId, startedAt, finishedAt, ...more }); // biome-ignore format: one line
};
const PAST = Array.from({ length: 11 }, (_, i) => old(i + 1, i === 4 ? { completed: 98_000, failed: 2_000 } : {}));
const alert = (rule: string, severity: string, message: string) => ({ rule, severity, subject: 'run 20', message, openedAt: new Date(Date.now() - 300_000), closedAt: null }); // biome-ignore format: one line
const ALERTS = [
  alert('no_progress', 'critical', 'Run 20 has closed no chunk for 15 minutes.'),
  alert('database_full', 'critical', 'The transaction log of cashkaro is full (LOG_BACKUP).'),
  alert('error_rate', 'warning', '0.65 % of the users of run 20 failed (limit 0.1 %): 130 of 20,000.'),
  alert('low_throughput', 'warning', 'Run 20 decides 310 users a minute (limit 500).'),
  alert('fire_missed', 'warning', 'No instance ran when weekly was due; it was caught up.'),
];
const schedules = async () => [{ name: 'weekly', cron: '0 2 * * 1', timeZone: 'Asia/Kolkata', next: new Date(Date.now() + 3e8), lastSuccess: new Date(Date.now() - 3e8) }]; // biome-ignore format: one line

function sceneOf(state: string) {
  const scene = sceneAt(state === 'ended' ? 40 : 23, state === 'failures' ? 900 : state === 'ended' ? 10 : 0);
  const run = { ...scene.run, runId: 20 };
  const paused = { ...run, state: 'paused' as const };
  switch (state) {
    case 'nothing':
      return { run: undefined };
    case 'gate':
      return { ...scene, run: { ...paused, reason: 'GATE_FIRST_CARDS: 7,204 of 10,000 users with cards would get another first card, 72.04 % (limit 50 %)' } }; // biome-ignore format: one line
    case 'paused':
      return { ...scene, run: { ...paused, reason: 'asha@corp: the nightly backup runs long' } };
    default:
      return { ...scene, run };
  }
}

const SAYS: Readonly<Record<string, RegExp>> = {
  nothing: /No run yet/,
  running: /Running well/,
  failures: /fail/,
  gate: /Held at a gate/,
  paused: /Paused/,
  away: /has not answered since/,
  ended: /Done/,
  alerts: /Running/,
};

for (const [state, verdict] of Object.entries(SAYS))
  inBrowser(`the page says how it is, and fits: ${state}`, async t => {
    t.timeout(600_000);
    const scene = sceneOf(state);
    const runs = scene.run === undefined ? [] : [scene.run, ...PAST];
    const providers = {
      failures: async () => (state === 'failures' ? FAILURES : []),
      alerts: async () => (state === 'alerts' ? ALERTS : []),
      schedules,
    };
    const steer = async () => ({ runId: 20, state: 'running' });
    await using at = await madeUp({ ...scene, runs }, { errorRateLimit: 0.001, providers, steer, audit: { retryUsers: async () => 0 } }); // biome-ignore format: one line
    for (const [view, options] of Object.entries(VIEWS)) {
      await using page = await openPage(at.url, { ...options, timezoneId: 'Asia/Kolkata' });
      if (runs.length > 0) await says(page, '#runs-list', '19');
      at.scene.away = state === 'away';
      await says(page, '#verdict', verdict);
      if (state === 'away')
        t.is(await page.locator('#run-acts button').count(), 0, 'what would be refused is not offered');
      t.is(await page.evaluate('document.documentElement.scrollWidth'), options.viewport.width, view);
      t.deepEqual(await violations(page), [], view);
      await picture(page, `${state}-${view}`);
      at.scene.away = false;
    }
  });
