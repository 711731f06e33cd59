/**
 * What do open dashboards cost a run? In one run, chunks are published by turns with and without them: a few with, a few
 * without, and so on. Compared are neighbours: wall time and this process's CPU time (PGlite and workers included) for a chunk. The
 * CPU time is the figure to trust on a machine that others use, too.
 *
 *   npm run -s bench:dashboard -- [--users 100000] [--dashboards 50]
 */
import { fork } from 'node:child_process';
import { runBatch } from '../src/batch/run-batch.ts';
import { describeMachine, spreadOf } from '../src/bench/rounds.ts';
import { loadSettings } from '../src/config/settings.ts';
import { openDatabase } from '../src/database/open.ts';
import { seedSpending } from '../src/exchange/seed-spending.ts';
import { createDashboard } from '../src/monitor/dashboard/dashboard.ts';
import { numberOption } from './options.ts';

const CHUNK_SIZE = 1_000;
/** Chunks in a turn; the first of them still belongs to the turn before. */
const TURN = 5;

if (process.send !== undefined) watchers();
else await measure();

/** The other side, a process of its own: opens and closes the dashboards when told. */
function watchers(): void {
  let open = new AbortController();
  process.on('message', ({ url, count }: { url: string; count: number }) => {
    open.abort();
    open = new AbortController();
    for (let i = 0; i < count; i++) void watch(`${url}api/events`, open.signal);
  });
}

async function watch(url: string, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch(url, { signal });
    for await (const _part of answer.body!);
  } catch {
    // closed when the turn is over
  }
}

async function measure(): Promise<void> {
  const users = numberOption('users', 100_000);
  const dashboards = numberOption('dashboards', 50);
  const settings = await loadSettings({ env: {}, cwd: import.meta.dirname });
  await using opened = await openDatabase('pglite:memory');
  await seedSpending(opened.database, users, 1);
  const tokens = { read: undefined, act: undefined };
  const dashboard = createDashboard({ ...opened, audit: undefined, tokens, errorRateLimit: 0.05, version: 'bench' });
  const url = await dashboard.listen({ host: '127.0.0.1', port: 0 });
  const child = fork(import.meta.filename);

  const turns: { wall: number; cpu: number }[][] = [[]];
  let last = { wall: performance.now(), cpu: cpuMs() };
  let chunks = 0;
  const listener: Parameters<typeof runBatch>[3] = event => {
    dashboard.listener(event);
    if (event.type !== 'chunk-published') return;
    const now = { wall: performance.now(), cpu: cpuMs() };
    if (chunks % TURN !== 0) turns.at(-1)!.push({ wall: now.wall - last.wall, cpu: now.cpu - last.cpu });
    last = now;
    if (++chunks % TURN !== 0) return;
    turns.push([]);
    child.send({ url, count: turns.length % 2 === 0 ? dashboards : 0 });
  };
  const request = {
    kind: 'batch',
    userLimit: null,
    processor: 'bench',
    requestedBy: 'bench',
    deadlineAt: null,
    engine: { catalogPath: settings.catalogPath, maxMonthlySpend: settings.maxMonthlySpend },
  } as const;
  await runBatch(
    opened.database,
    { ...settings, chunkSize: CHUNK_SIZE },
    request,
    listener,
    AbortSignal.timeout(900_000),
  );
  child.kill();
  await dashboard.close();

  const whole = turns.filter(turn => turn.length === TURN - 1);
  const mean = (key: 'wall' | 'cpu') =>
    whole.map(turn => turn.reduce((sum, chunk) => sum + chunk[key], 0) / turn.length);
  console.log(
    `${describeMachine()}; ${users} users in chunks of ${CHUNK_SIZE}, ${dashboards} dashboards, ${whole.length} turns`,
  );
  for (const key of ['wall', 'cpu'] as const) {
    // With dashboards against the mean of the turns before and after: a run that slows down as it grows is fair to both.
    const means = mean(key);
    const ratios = means.flatMap((value, i) =>
      i % 2 === 1 && i + 1 < means.length ? [value / ((means[i - 1]! + means[i + 1]!) / 2)] : [],
    );
    const { median, lowest, highest } = spreadOf(ratios);
    console.log(
      `${key}: × ${median.toFixed(3)} with dashboards (median of ${ratios.length} pairs; ${lowest.toFixed(3)} to ${highest.toFixed(3)})`,
    );
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
