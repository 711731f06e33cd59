import { monitorEventLoopDelay } from 'node:perf_hooks';
import client from 'prom-client';
import { RULES } from '../alerts/finding.ts';
import type { BatchEvent, Stage, WorkerUsage } from '../batch/events.ts';
import type { PoolUsage } from '../database/driver.ts';
import type { ChunkProgress } from '../database/history.ts';
import type { RunProgress } from '../model/run.ts';
import type { Alert } from '../model/service.ts';
import { figuresOf } from './figures.ts';

const STAGES: readonly Stage[] = ['claim', 'read', 'compute', 'load', 'publish'];
const CHUNK_STATES = ['open', 'leased', 'done', 'failed', 'split', 'superseded', 'cancelled'] as const;
const RETRY_CLASSES = ['transient', 'ambiguous', 'exhausted', 'data', 'permanent'] as const;
/** Seconds: a chunk of 10,000 users spends between a few milliseconds and a minute in a stage. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How often the event loop is looked at, milliseconds; the histogram holds it as part of each delay. */
const LAG_RESOLUTION = 20;
/**
 * Figures of the process and of Node under the names that all Prometheus clients give them. The rest of prom-client's is left out: other figures
 * here say it, or its name is against the rules.
 */
const DEFAULTS =
  /^(process_(cpu_\w*seconds_total|start_time_seconds|resident_memory_bytes|open_fds|max_fds)|nodejs_(heap_size_(total|used)_bytes|gc_duration_seconds))$/;
const NO_WORKERS: WorkerUsage = { busy: 0, idle: 0, waiting: 0, utilization: 0 };

/** Figures that change seldom, and are asked for seldom. Times are the database's. */
export interface ServiceState {
  /** When the latest run that is done finished; undefined where none is. */
  readonly lastSuccess: Date | undefined;
  readonly openAlerts: readonly Pick<Alert, 'rule' | 'severity'>[];
  readonly schedules: readonly {
    readonly name: string;
    readonly lastSuccess: Date | undefined;
    readonly next: Date | undefined;
  }[];
}

/**
 * What Prometheus scrapes. Counters tell what this process did, from its events; gauges of the run tell what the database
 * says, for whichever process does it. Labels are few and fixed: no user, no chunk, no message.
 */
export class Metrics implements Disposable {
  readonly #registry = new client.Registry();
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION });
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
  readonly #leaseLosses = this.#counter('lease_losses_total', 'Chunks whose lease was lost to another processor.');
  readonly #stages = new client.Histogram({
    name: 'cardgenius_stage_duration_seconds',
    help: 'Time that published chunks spent in each stage.',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #chunks = this.#gauge('chunks', 'Chunks of the latest run, by state.', ['state']);
  readonly #runUsers = this.#gauge('run_users', 'Users of the latest run, by outcome; planned is all.', ['outcome']);
  readonly #usersPerMinute = this.#gauge('run_users_per_minute', 'Users of the latest run decided a minute, of late.');
  readonly #expectedEnd = this.#gauge(
    'run_estimated_completion_timestamp_seconds',
    'When the latest run is over at the worse of its two speeds; none where nothing tells it.',
  );
  readonly #batch = this.#gauge('run_batch', 'Always 1; the label tells the batch of the latest run.', ['batch_id']);
  readonly #lateErrors = this.#gauge(
    'run_errors_last_hour',
    'Users of the latest run who failed within the last hour.',
  );
  readonly #runActive = this.#gauge('run_active', 'Whether the latest run is still to be finished.');
  readonly #runStarted = this.#gauge('run_start_timestamp_seconds', 'When the latest run started.');
  readonly #lastSuccess = this.#gauge(
    'last_success_timestamp_seconds',
    'When the latest run that is done finished; dry runs do not count.',
  );
  readonly #scheduleSuccess = this.#gauge(
    'schedule_last_success_timestamp_seconds',
    'When the latest run that this schedule fired and that is done finished.',
    ['schedule'],
  );
  readonly #scheduleNext = this.#gauge('schedule_next_fire_timestamp_seconds', 'When the schedule fires next.', [
    'schedule',
  ]);
  readonly #alerts = this.#gauge('alerts_open', 'Alerts that are open, by rule and severity.', ['rule', 'severity']);
  readonly #connections = this.#gauge('database_connections', 'Connections of this process, by pool and state.', [
    'pool',
    'state',
  ]);
  readonly #connectionLimit = this.#gauge('database_connections_limit', 'Most connections that a pool makes.', [
    'pool',
  ]);
  readonly #connectionQueue = this.#gauge(
    'database_requests_waiting',
    'Requests that wait for a connection of the pool.',
    ['pool'],
  );
  readonly #workers = this.#gauge('workers', 'Worker threads of this process, by state; none without a run.', [
    'state',
  ]);
  readonly #workerQueue = this.#gauge('worker_queue_slices', 'Slices of chunks that wait for a worker thread.');
  readonly #workerUtilization = this.#gauge(
    'worker_utilization_ratio',
    'Share of the worker threads’ time that went into computing since this run began here.',
  );
  readonly #databaseUp = this.#gauge('database_up', 'Whether the database answered the last time it was asked.');
  readonly #loopLag = this.#gauge(
    'event_loop_lag_seconds',
    'Delay of the event loop since the last scrape: 99 of 100.',
  );

  readonly #pools: () => readonly PoolUsage[];
  #usage: (() => WorkerUsage) | undefined;

  constructor(version: string, pools: () => readonly PoolUsage[] = () => []) {
    this.#pools = pools;
    client.collectDefaultMetrics({ register: this.#registry });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (!name.startsWith('cardgenius_') && !DEFAULTS.test(name)) this.#registry.removeSingleMetric(name);
    }
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
    // Not known yet is no time at all, not 1970.
    this.#runStarted.remove();
    this.#expectedEnd.remove();
    this.#lastSuccess.remove();
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
      case 'step-retried':
        this.#retries.inc({ class: event.errorClass });
        break;
      case 'chunk-failed':
        this.#chunkFailures.inc({ outcome: event.outcome });
        break;
      case 'lease-lost':
        this.#leaseLosses.inc();
        break;
      case 'workers-started':
        this.#usage = event.usage;
        break;
      case 'workers-stopped':
        this.#usage = undefined;
        break;
      default:
    }
  };

  /** What the database said the last time; undefined where it does not answer: what it said before then stands. */
  observe(
    seen: { readonly run: RunProgress | null; readonly chunks: readonly ChunkProgress[] } | undefined,
    at: Date = new Date(),
  ): void {
    this.#databaseUp.set(seen === undefined ? 0 : 1);
    if (seen?.run == null) return;
    const { run, chunks } = seen;
    for (const state of CHUNK_STATES) this.#chunks.set({ state }, chunks.filter(chunk => chunk.state === state).length);
    for (const outcome of ['completed', 'failed', 'changed', 'gone'] as const)
      this.#runUsers.set({ outcome }, run[outcome]);
    this.#runUsers.set({ outcome: 'planned' }, run.plannedUsers);
    const { done, now, left } = figuresOf(run, chunks, at);
    this.#runUsers.set({ outcome: 'processed' }, done);
    this.#runUsers.set({ outcome: 'pending' }, run.finishedAt === null ? Math.max(0, run.plannedUsers - done) : 0);
    this.#usersPerMinute.set(now * 60);
    if (left === null) this.#expectedEnd.remove();
    else this.#expectedEnd.set(at.getTime() / 1000 + left.high);
    this.#batch.reset();
    if (run.batchId != null) this.#batch.set({ batch_id: run.batchId }, 1);
    const hourAgo = at.getTime() - 3_600_000;
    const late = chunks.filter(({ closedAt }) => closedAt !== null && closedAt.getTime() > hourAgo);
    this.#lateErrors.set(late.reduce((sum, chunk) => sum + chunk.failed, 0));
    this.#runActive.set(run.finishedAt === null ? 1 : 0);
    this.#runStarted.set(run.startedAt.getTime() / 1000);
    if (run.kind === 'batch' && run.state === 'done' && run.finishedAt !== null)
      this.#lastSuccess.set(run.finishedAt.getTime() / 1000);
  }

  /** Every rule is said, open or not: an alert that is closed must go down to 0. */
  observeService({ lastSuccess, openAlerts, schedules }: ServiceState): void {
    if (lastSuccess !== undefined) this.#lastSuccess.set(lastSuccess.getTime() / 1000);
    for (const rule of Object.keys(RULES)) {
      for (const severity of ['warning', 'critical'] as const) {
        const open = openAlerts.filter(alert => alert.rule === rule && alert.severity === severity);
        this.#alerts.set({ rule, severity }, open.length);
      }
    }
    for (const { name: schedule, lastSuccess: success, next } of schedules) {
      if (success !== undefined) this.#scheduleSuccess.set({ schedule }, success.getTime() / 1000);
      if (next !== undefined) this.#scheduleNext.set({ schedule }, next.getTime() / 1000);
    }
  }

  #observeProcess(): void {
    for (const { pool, inUse, idle, waiting, limit } of this.#pools()) {
      this.#connections.set({ pool, state: 'in_use' }, inUse);
      this.#connections.set({ pool, state: 'idle' }, idle);
      this.#connectionLimit.set({ pool }, limit);
      this.#connectionQueue.set({ pool }, waiting);
    }
    const { busy, idle, waiting, utilization } = this.#usage?.() ?? NO_WORKERS;
    this.#workers.set({ state: 'busy' }, busy);
    this.#workers.set({ state: 'idle' }, idle);
    this.#workerQueue.set(waiting);
    this.#workerUtilization.set(utilization);
    const lag = (this.#lag.percentile(99) / 1e6 - LAG_RESOLUTION) / 1000;
    this.#loopLag.set(Number.isFinite(lag) ? Math.max(0, lag) : 0);
    this.#lag.reset();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#observeProcess();
    return (await this.#registry.metrics()).replaceAll('\n\n', '\n');
  }

  [Symbol.dispose](): void {
    this.#lag.disable();
  }
}
