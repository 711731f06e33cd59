import { monitorEventLoopDelay } from 'node:perf_hooks';
import client from 'prom-client';
import type { BatchEvent, Stage } from '../batch/events.ts';
import type { ChunkProgress } from '../database/history.ts';
import type { RunProgress } from '../model/run.ts';

const STAGES: readonly Stage[] = ['claim', 'read', 'compute', 'load', 'publish'];
const CHUNK_STATES = ['open', 'leased', 'done', 'failed', 'split', 'superseded', 'cancelled'] as const;
const RETRY_CLASSES = ['transient', 'ambiguous', 'exhausted', 'data', 'permanent'] as const;
/** Seconds: a chunk of 10,000 users spends between a few milliseconds and a minute in a stage. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * What Prometheus scrapes. Counters tell what this process did, from its events; gauges of the run tell what the database
 * says, for whichever process does it. Labels are few and fixed: no user, no chunk, no message.
 */
export class Metrics implements Disposable {
  readonly #registry = new client.Registry();
  readonly #lag = monitorEventLoopDelay({ resolution: 20 });
  readonly #counter = (name: string, help: string, labelNames: string[] = []) =>
    new client.Counter({ name: `cardgenius_${name}`, help, labelNames, registers: [this.#registry] });
  readonly #gauge = (name: string, help: string, labelNames: string[] = []) =>
    new client.Gauge({ name: `cardgenius_${name}`, help, labelNames, registers: [this.#registry] });

  readonly #users = this.#counter('users_total', 'Users that this process has decided, by outcome.', ['outcome']);
  readonly #rows = this.#counter('rows_total', 'Rows of card_recommendations, by what publishing did.', ['outcome']);
  readonly #retries = this.#counter('retries_total', 'Steps tried again, by the class of the error.', ['class']);
  readonly #chunkFailures = this.#counter('chunk_failures_total', 'Attempts at a chunk that ended in an error.', [
    'outcome',
  ]);
  readonly #leaseLosses = this.#counter('lease_losses_total', 'Chunks that went to somebody else meanwhile.');
  readonly #stages = new client.Histogram({
    name: 'cardgenius_stage_duration_seconds',
    help: 'Time that published chunks spent in each stage.',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #chunks = this.#gauge('chunks', 'Chunks of the latest run, by state.', ['state']);
  readonly #runUsers = this.#gauge('run_users', 'Users of the latest run, by outcome; planned is all.', ['outcome']);
  readonly #runActive = this.#gauge('run_active', 'Whether the latest run is still to be finished.');
  readonly #runStarted = this.#gauge('run_start_timestamp_seconds', 'When the latest run started.');
  readonly #lastSuccess = this.#gauge('last_success_timestamp_seconds', 'When the latest run that is done finished.');
  readonly #databaseUp = this.#gauge('database_up', 'Whether the database answered the last time it was asked.');
  readonly #loopLag = this.#gauge(
    'event_loop_lag_seconds',
    'Delay of the event loop since the last scrape: 99 of 100.',
  );

  constructor(version: string) {
    this.#gauge('build_info', 'Always 1; the labels tell what is running.', ['version', 'node']).set(
      { version, node: process.version },
      1,
    );
    // Series that exist from the start are what rate() and absent() can be asked about.
    for (const outcome of ['completed', 'failed', 'changed', 'gone']) this.#users.inc({ outcome }, 0);
    for (const outcome of ['written', 'unchanged']) this.#rows.inc({ outcome }, 0);
    for (const outcome of ['retry', 'failed']) this.#chunkFailures.inc({ outcome }, 0);
    for (const name of RETRY_CLASSES) this.#retries.inc({ class: name }, 0);
    for (const stage of STAGES) this.#stages.zero({ stage });
    this.#lag.enable();
  }

  readonly listener = (event: BatchEvent): void => {
    switch (event.type) {
      case 'chunk-published': {
        const { completed, failed, changed, gone, rowsWritten, rowsUnchanged } = event.result;
        this.#users.inc({ outcome: 'completed' }, completed);
        this.#users.inc({ outcome: 'failed' }, failed);
        this.#users.inc({ outcome: 'changed' }, changed);
        this.#users.inc({ outcome: 'gone' }, gone);
        this.#rows.inc({ outcome: 'written' }, rowsWritten);
        this.#rows.inc({ outcome: 'unchanged' }, rowsUnchanged);
        for (const stage of STAGES) this.#stages.observe({ stage }, event.stages[stage] / 1000);
        break;
      }
      case 'chunk-retried':
        this.#retries.inc({ class: event.errorClass });
        break;
      case 'chunk-failed':
        this.#chunkFailures.inc({ outcome: event.outcome });
        break;
      case 'lease-lost':
        this.#leaseLosses.inc();
        break;
      default:
    }
  };

  /** What the database said the last time; undefined where it does not answer: what it said before then stands. */
  observe(seen: { readonly run: RunProgress | null; readonly chunks: readonly ChunkProgress[] } | undefined): void {
    this.#databaseUp.set(seen === undefined ? 0 : 1);
    if (seen?.run == null) return;
    const { run, chunks } = seen;
    for (const state of CHUNK_STATES) this.#chunks.set({ state }, chunks.filter(chunk => chunk.state === state).length);
    for (const outcome of ['completed', 'failed', 'changed', 'gone'] as const)
      this.#runUsers.set({ outcome }, run[outcome]);
    this.#runUsers.set({ outcome: 'planned' }, run.plannedUsers);
    this.#runActive.set(run.finishedAt === null ? 1 : 0);
    this.#runStarted.set(run.startedAt.getTime() / 1000);
    if (run.state === 'done' && run.finishedAt !== null) this.#lastSuccess.set(run.finishedAt.getTime() / 1000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const lag = this.#lag.percentile(99) / 1e9;
    this.#loopLag.set(Number.isFinite(lag) ? lag : 0);
    this.#lag.reset();
    return this.#registry.metrics();
  }

  [Symbol.dispose](): void {
    this.#lag.disable();
  }
}
