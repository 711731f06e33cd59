import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { figuresOf } from '../../src/telemetry/figures.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { aChunk, aRun, madeUp, START } from '../support/dashboard.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROMTOOL = '/usr/bin/promtool';
const withPromtool = existsSync(PROMTOOL) ? test : test.skip;
if (!existsSync(PROMTOOL))
  console.error('\nNOT TESTED: METRICS AND ALERT RULES BY PROMTOOL. It is not here (apt-get install prometheus).\n');

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const GUIDE = /^## Metrics$.+?(?=^## )/ms.exec(read('docs/dashboard.md'))![0];

/** A scrape of a dashboard to which everything has happened that metrics tell of. */
async function scrape(): Promise<string> {
  await using at = await madeUp(
    { run: aRun({ state: 'done', finishedAt: START }), chunks: [aChunk({ state: 'leased' })] },
    {
      pools: () => [{ pool: 'work', inUse: 3, idle: 1, waiting: 2, limit: 8 }],
      serviceState: async () => ({
        lastSuccess: START,
        openAlerts: [
          { rule: 'error_rate', severity: 'critical' },
          { rule: 'error_rate', severity: 'critical' },
        ],
        schedules: [
          { name: 'weekly', lastSuccess: START, next: START },
          { name: 'never', lastSuccess: undefined, next: undefined },
        ],
      }),
    },
  );
  const usage = () => ({ busy: 2, idle: 1, waiting: 5, utilization: 0.75 });
  at.dashboard.listener({ type: 'workers-started', usage });
  await fetch(`${at.url}readyz`);
  return (await fetch(`${at.url}metrics`)).text();
}

const metricNames = (text: string) => [...text.matchAll(/^# HELP (\w+)/gm)].map(([, name]) => name!);

test('metrics tell of pools, workers, alerts, schedules and the process', async t => {
  const text = await scrape();
  for (const line of [
    'cardgenius_database_connections{pool="work",state="in_use"} 3',
    'cardgenius_database_connections_limit{pool="work"} 8',
    'cardgenius_database_requests_waiting{pool="work"} 2',
    'cardgenius_workers{state="busy"} 2',
    'cardgenius_worker_queue_slices 5',
    'cardgenius_worker_utilization_ratio 0.75',
    'cardgenius_alerts_open{rule="error_rate",severity="critical"} 2',
    'cardgenius_alerts_open{rule="run_failed",severity="critical"} 0',
    `cardgenius_schedule_last_success_timestamp_seconds{schedule="weekly"} ${START.getTime() / 1000}`,
    `cardgenius_last_success_timestamp_seconds ${START.getTime() / 1000}`,
  ])
    t.true(text.includes(`\n${line}\n`), line);
  t.false(text.includes('schedule="never"'), 'what is not known is not 1970');
  t.notRegex(text, /\n\n/);
  const lag = Number(/^cardgenius_event_loop_lag_seconds (\S+)$/m.exec(text)![1]);
  t.true(lag >= 0 && lag < 10);
});

test('what is not known yet has no sample; without a run there are no workers', async t => {
  await using at = await madeUp({ run: undefined });
  const text = await (await fetch(`${at.url}metrics`)).text();
  t.notRegex(text, /^cardgenius_(last_success|run_start)_timestamp_seconds /m);
  t.regex(text, /^cardgenius_workers\{state="busy"\} 0$/m);
});

test('a run under way tells users processed and pending, its pace, its expected end, its batch and the errors of the last hour', t => {
  using metrics = new Metrics('1.2.3');
  const at = new Date(START.getTime() + 2 * 3_600_000);
  const minutesAgo = (minutes: number) => new Date(at.getTime() - minutes * 60_000);
  const run = aRun({
    batchId: 'BATCH_20251007_001',
    completed: 85,
    failed: 12,
    changed: 2,
    gone: 1,
    plannedUsers: 400,
  });
  const chunks = [
    aChunk({ chunkNo: 1, state: 'done', completed: 40, failed: 5, closedAt: minutesAgo(61) }),
    aChunk({ chunkNo: 2, state: 'done', completed: 45, failed: 7, closedAt: minutesAgo(5) }),
  ];
  metrics.observe({ run, chunks }, at);
  return metrics.text().then(async text => {
    const sample = (name: string) => Number(new RegExp(`^cardgenius_${name} (\\S+)$`, 'm').exec(text)?.[1]);
    t.is(sample('run_users\\{outcome="processed"\\}'), 100);
    t.is(sample('run_users\\{outcome="pending"\\}'), 300);
    t.is(sample('run_errors_last_hour'), 7, 'not the five of an hour and a minute ago');
    t.is(sample('run_batch\\{batch_id="BATCH_20251007_001"\\}'), 1);
    const { now, left } = figuresOf(run, chunks, at);
    t.is(sample('run_users_per_minute'), now * 60);
    t.is(sample('run_estimated_completion_timestamp_seconds'), at.getTime() / 1000 + left!.high);

    const over = aRun({ state: 'done', batchId: 'BATCH_20251014_002', completed: 400, failed: 0, finishedAt: at });
    metrics.observe({ run: over, chunks: [] }, at);
    const later = await metrics.text();
    t.regex(later, /^cardgenius_run_users\{outcome="pending"\} 0$/m);
    t.regex(later, /^cardgenius_run_errors_last_hour 0$/m);
    t.notRegex(later, /^cardgenius_run_estimated_completion/m, 'a run that is over has no expected end');
    t.deepEqual(later.match(/^cardgenius_run_batch\{.*$/gm), ['cardgenius_run_batch{batch_id="BATCH_20251014_002"} 1']);
  });
});

test('a scrape does not fail where the database does not answer: it tells what it knew', async t => {
  const serviceState = () => Promise.reject(new Error('away'));
  await using at = await madeUp({}, { serviceState });
  const answer = await fetch(`${at.url}metrics`);
  t.is(answer.status, 200);
  t.regex(await answer.text(), /^cardgenius_database_up /m);
});

test('docs/dashboard.md names each metric that is emitted, and none that is not', async t => {
  const emitted = metricNames(await scrape());
  const documented = new Set([...GUIDE.matchAll(/`((?:cardgenius|process|nodejs)_\w+)/g)].map(([, name]) => name!));
  t.deepEqual(
    emitted.filter(name => !documented.has(name)),
    [],
  );
  t.deepEqual(
    [...documented].filter(name => name.startsWith('cardgenius_') && !emitted.includes(name)),
    [],
  );
});

test('Grafana and the alert rules ask for nothing that is not emitted', async t => {
  const emitted = metricNames(await scrape());
  for (const path of ['deploy/grafana/cardgenius.json', 'deploy/prometheus/alerts.yml']) {
    const asked = [...read(path).matchAll(/\b(cardgenius_\w+?)(?:_bucket|_sum|_count)?\b/g)].map(([, name]) => name!);
    t.deepEqual(
      asked.filter(name => !emitted.includes(name)),
      [],
      path,
    );
  }
});

withPromtool('promtool finds nothing wrong with a scrape, nor with the alert rules', async t => {
  const input = await scrape();
  t.is(execFileSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' }), '');
  t.regex(
    execFileSync(PROMTOOL, ['check', 'rules', 'deploy/prometheus/alerts.yml'], { cwd: ROOT, encoding: 'utf8' }),
    /SUCCESS: \d+ rules found/,
  );
});
