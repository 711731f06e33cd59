/**
 * What do open dashboards cost a run? In one run after the other, spans of a few seconds with and without them take turns;
 * compared is each span with them and the mean of its neighbours without, so that a run that slows down as it grows, and a
 * machine that others use, are fair to both. A span is measured from one published chunk to another: wall time for a chunk,
 * and this process's CPU time (PGlite and workers included) for a chunk. The latter is the figure to trust on a machine that
 * others use, too; the dashboards themselves are another process, and their CPU time is not in it, but they slow the wall.
 *
 * A dashboard does what the page does: it reads the session, the lists, and the events; the lists again every 15 s.
 *
 *   npm run -s bench:dashboard -- [--users 100000] [--dashboards 50] [--rounds 5] [--seconds 3]
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runBatch } from '../src/batch/run-batch.ts';
import { loadSettings } from '../src/config/settings.ts';
import { createDashboard } from '../src/dashboard/dashboard.ts';
import { openDatabase } from '../src/database/open-database.ts';
import { loadEngine } from '../src/engine/load-engine.ts';
import { seedSpending } from '../src/exchange/seed-spending.ts';
import { describeMachine, show, spreadOf } from '../src/tools/bench/rounds.ts';
import { readOptions } from './options.ts';

const CHUNK_SIZE = 1_000;
/** Chunks after a change of turns that belong to neither: dashboards open and close, and two chunks are in flight. */
const BETWEEN = 2;

interface Span {
  readonly dashboards: number;
  readonly wall: number;
  readonly cpu: number;
  /** Of `cpu`, the thread that serves dashboards (and claims, and encodes loads). */
  readonly serving: number;
}

/** The other side, a process of its own: opens and closes dashboards when told, and tells how much they were sent. */
function watchers(): void {
  let open = new AbortController();
  process.on('message', ({ url, count }: { url: string; count: number }) => {
    open.abort();
    open = new AbortController();
    for (let i = 0; i < count; i++) void watch(url, open.signal).catch(() => {}); // closed when the turn is over
  });
}

async function watch(url: string, signal: AbortSignal): Promise<void> {
  const read = async (path: string) => (await fetch(url + path, { signal })).text();
  await read('api/session');
  const lists = async () => {
    for (;;) {
      await read('api/lists');
      await sleep(15_000, undefined, { signal });
    }
  };
  void lists().catch(() => {});
  const answer = await fetch(`${url}api/events`, { signal });
  const decoder = new TextDecoder();
  for await (const part of answer.body!) {
    const text = decoder.decode(part, { stream: true });
    process.send!({ events: text.split('\n\n').length - 1, bytes: part.length });
  }
}

async function measure(): Promise<void> {
  const { users, dashboards, rounds, seconds } = readOptions({ users: 100_000, dashboards: 50, rounds: 5, seconds: 3 });
  const turnMs = seconds * 1_000;
  const settings = await loadSettings({ env: {}, cwd: import.meta.dirname });
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-bench-'));
  try {
    await using opened = await openDatabase(`pglite:${join(folder, 'db')}`);
    const { database, history } = opened;
    const dashboard = createDashboard({
      database,
      history,
      providers: { processors: () => opened.coordination.listProcessors(20) },
      tokens: { read: undefined, act: undefined },
      errorRateLimit: 0.05,
      version: 'bench',
      streamsPerClient: dashboards,
      requestsPerMinute: 1_000_000, // turns open more of them in a minute than people do
    });
    const url = await dashboard.listen({ host: '127.0.0.1', port: 0 });
    const child = fork(import.meta.filename);
    const sent = { events: 0, bytes: 0 };
    child.on('message', ({ events, bytes }: typeof sent) => {
      sent.events += events;
      sent.bytes += bytes;
    });

    const engine = await loadEngine(settings);
    const runs: Span[][] = [];
    for (let round = 1; round <= rounds; round++) {
      await seedSpending(database, users, round); // other spends for everybody: all are due again, and all rows change
      const turns = new Turns(turnMs, count => child.send({ url, count }), dashboards, round % 2 === 0);
      const request = {
        kind: 'batch',
        userLimit: null,
        processor: 'bench',
        requestedBy: 'bench',
        deadlineAt: null,
        engine,
      } as const;
      await runBatch(
        database,
        { ...settings, chunkSize: CHUNK_SIZE },
        request,
        event => {
          dashboard.listener(event);
          if (event.type === 'chunk-published') turns.published();
        },
        AbortSignal.timeout(900_000),
      );
      child.send({ url, count: 0 });
      runs.push(turns.spans);
      console.error(`run ${round}: ${turns.spans.length} spans`);
    }
    child.kill();
    await dashboard.close();
    report(runs, { users, dashboards, rounds }, sent);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Spans of one run, by turns without and with dashboards. */
class Turns {
  readonly spans: Span[] = [];
  readonly #turnMs: number;
  readonly #open: (count: number) => void;
  readonly #dashboards: number;
  #count: number;
  #chunks = 0;
  #from: Omit<Span, 'dashboards'> | undefined;

  constructor(turnMs: number, open: (count: number) => void, dashboards: number, beginWith: boolean) {
    this.#turnMs = turnMs;
    this.#open = open;
    this.#dashboards = dashboards;
    this.#count = beginWith ? dashboards : 0;
    open(this.#count);
  }

  published(): void {
    this.#chunks++;
    if (this.#chunks < BETWEEN) return;
    const now = {
      wall: performance.now(),
      cpu: milliseconds(process.cpuUsage()),
      serving: milliseconds(process.threadCpuUsage()),
    };
    this.#from ??= now;
    if (now.wall - this.#from.wall < this.#turnMs) return;
    const chunks = this.#chunks - BETWEEN;
    const { wall, cpu, serving } = this.#from;
    this.spans.push({
      dashboards: this.#count,
      wall: (now.wall - wall) / chunks,
      cpu: (now.cpu - cpu) / chunks,
      serving: (now.serving - serving) / chunks,
    });
    this.#count = this.#dashboards - this.#count;
    this.#open(this.#count);
    this.#chunks = 0;
    this.#from = undefined;
  }
}

function report(
  runs: readonly Span[][],
  { users, dashboards, rounds }: { users: number; dashboards: number; rounds: number },
  { events, bytes }: { events: number; bytes: number },
): void {
  console.log(`${describeMachine()}; ${rounds} runs of ${users} users in chunks of ${CHUNK_SIZE}`);
  console.log(`${dashboards} dashboards were sent ${events} events, ${(bytes / 1e6).toFixed(1)} MB`);
  const told = (values: readonly number[]) =>
    values.length === 0 ? 'no pair: more users, or shorter turns' : show(spreadOf(values), x => x.toFixed(3));
  for (const key of ['wall', 'cpu'] as const) {
    const ratios = compare(runs, (span, before, after) => span[key] / ((before[key] + after[key]) / 2));
    console.log(`${key} time of a chunk with dashboards : without, ${ratios.length} pairs: ${told(ratios)}`);
  }
  const shares = compare(
    runs,
    (span, before, after) => (span.serving - (before.serving + after.serving) / 2) / ((before.cpu + after.cpu) / 2),
  );
  console.log(
    `more CPU time of the thread that serves, as a share of a chunk's, ${shares.length} pairs: ${told(shares)}`,
  );
}

/** Each span with dashboards beside its neighbours without. */
function compare(runs: readonly Span[][], by: (span: Span, before: Span, after: Span) => number): number[] {
  return runs.flatMap(spans =>
    spans.flatMap((span, i) => {
      const [before, after] = [spans[i - 1], spans[i + 1]];
      return span.dashboards === 0 || before === undefined || after === undefined ? [] : [by(span, before, after)];
    }),
  );
}

const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

if (process.send !== undefined) watchers();
else await measure();
