import type { BatchEvent, Stage } from '../batch/events.ts';
import type { BatchDatabase } from '../database/batch.ts';
import type { ChunkProgress, HistoryDatabase } from '../database/history.ts';
import type { RunProgress } from '../model/run.ts';
import { figuresOf, stageTotals } from '../telemetry/figures.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { codeOf } from './error-code.ts';

/** How many cells are sent at most: of more, single ones could not be seen. */
export const MAX_CELLS = 1_000;
/** How old what /metrics and /readyz say may be without an open page. */
const IDLE_MS = 5_000;
const MAX_CHUNKS = 10_000;
const MAX_ATTEMPTS = 500;
/** How many empty runs in a row are looked past. */
const RUNS_BEFORE = 100;

export interface WatchOptions {
  readonly database: Pick<BatchDatabase, 'readRun'>;
  readonly history: Pick<HistoryDatabase, 'listRuns' | 'listChunks' | 'listAttempts'>;
  readonly metrics: Metrics;
  /** How often it asks while a page is open. */
  readonly pollMs: number;
  /** A run began, changed its state or ended, or the database is back: what was listed before is old. */
  readonly onTurn: () => void;
}

/** What the page shows of the latest run; everything that it says without being asked. */
export type Snapshot = ReturnType<typeof snapshotOf>;

interface Seen {
  readonly run: RunProgress | null;
  /** The latest run, where it found no user: `run` is then the last that had some. */
  readonly empty: RunProgress | null;
  readonly chunks: readonly ChunkProgress[];
  readonly stages: Readonly<Record<string, number>>;
}

/**
 * Reads the run at one pace for all open pages, seldom without one, and tells each page. It goes on while the
 * database is away, with what it knows and since when.
 */
export class RunWatch {
  readonly #options: WatchOptions;
  readonly #onChange = new Set<(text: string) => void>();
  readonly #stages: Record<Stage, number> = { claim: 0, read: 0, compute: 0, load: 0, publish: 0 };
  #seen: Seen | undefined;
  #downSince: Date | undefined;
  #downCode: string | undefined;
  /** The run that this process takes part in. */
  #localRun: number | undefined;
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isStarted = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Why it is not ready, if it is not. */
  get trouble(): string | undefined {
    return this.#downCode ?? (this.#seen === undefined ? 'NOT_ASKED_YET' : undefined);
  }

  get text(): string {
    return this.#text;
  }

  /** The first page to open is told soon how it is now. */
  onChange(tell: (text: string) => void): () => void {
    this.#onChange.add(tell);
    if (this.#onChange.size === 1) this.#askSoon();
    return () => this.#onChange.delete(tell);
  }

  /** What a run in this process says: its stages are known better here than in the database. */
  readonly listener = (event: BatchEvent): void => {
    if (event.type === 'run-opened') {
      this.#localRun = event.runId;
      for (const stage of Object.keys(this.#stages) as Stage[]) this.#stages[stage] = 0;
    } else if (event.type === 'chunk-published') {
      for (const stage of Object.keys(this.#stages) as Stage[]) this.#stages[stage] += event.stages[stage];
    }
  };

  start(): void {
    this.#isStarted = true;
    this.#askSoon();
  }

  #askSoon(): void {
    if (!this.#isStarted || this.#closed) return;
    clearTimeout(this.#timer);
    void this.poll().then(() => {
      if (this.#closed) return;
      clearTimeout(this.#timer);
      const pause = this.#onChange.size > 0 ? this.#options.pollMs : Math.max(IDLE_MS, this.#options.pollMs);
      this.#timer = setTimeout(() => this.#askSoon(), pause).unref();
    });
  }

  /** Asks, unless what it knows is new and good. Never throws. */
  async refresh(): Promise<void> {
    if (this.trouble !== undefined || performance.now() - this.#askedAt > this.#options.pollMs) await this.poll();
  }

  /** Asks once, now. Never throws. */
  poll(): Promise<void> {
    this.#polling ??= this.#ask().finally(() => (this.#polling = undefined));
    return this.#polling;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#polling;
  }

  async #ask(): Promise<void> {
    this.#askedAt = performance.now();
    const { metrics, onTurn } = this.#options;
    try {
      const { run, empty } = await this.#readLatest();
      const known = this.#seen;
      const isTurn =
        run?.runId !== known?.run?.runId || run?.state !== known?.run?.state || empty?.runId !== known?.empty?.runId;
      if (isTurn || this.#downSince !== undefined) onTurn();
      const isSame = run !== null && run.runId === known?.run?.runId;
      // What is over stays as it is.
      const isOld = isSame && run.finishedAt !== null && known.run!.finishedAt !== null;
      const before = isSame ? known.chunks : [];
      const chunks = run === null || isOld ? before : await this.#readChunks(run.runId, before);
      const stages = run === null ? {} : await this.#readStages(run.runId, isOld ? known.stages : undefined);
      this.#seen = { run, empty, chunks, stages };
      this.#downSince = undefined;
      this.#downCode = undefined;
      metrics.observe(this.#seen);
    } catch (error) {
      this.#downCode = codeOf(error);
      this.#downSince ??= new Date();
      metrics.observe(undefined);
    }
    this.#tell();
  }

  /** The latest run; a run over no users, as a schedule makes where no user is due, hides none that had some. */
  async #readLatest(): Promise<Pick<Seen, 'run' | 'empty'>> {
    const { database, history } = this.#options;
    const latest = (await database.readRun(null, { wait: false })) ?? null;
    if (latest === null || latest.finishedAt === null || latest.plannedUsers > 0) return { run: latest, empty: null };
    if (latest.runId === this.#seen?.empty?.runId) return { run: this.#seen.run, empty: latest };
    const before = (await history.listRuns(RUNS_BEFORE)).find(({ plannedUsers }) => plannedUsers > 0);
    return before === undefined ? { run: latest, empty: null } : { run: before, empty: latest };
  }

  /** Those at the beginning that are closed stay as they are: they are not read again. */
  async #readChunks(runId: number, before: readonly ChunkProgress[]): Promise<readonly ChunkProgress[]> {
    const open = before.findIndex(({ closedAt }) => closedAt === null);
    const settled = open < 0 ? before : before.slice(0, open);
    return [...settled, ...(await this.#options.history.listChunks(runId, settled.at(-1)?.chunkNo ?? 0, MAX_CHUNKS))];
  }

  /** A run in this process has told us better than the database can. */
  async #readStages(runId: number, known: Seen['stages'] | undefined): Promise<Seen['stages']> {
    if (runId === this.#localRun) return { ...this.#stages };
    return known ?? stageTotals(await this.#options.history.listAttempts(runId, MAX_ATTEMPTS));
  }

  #tell(): void {
    const text = JSON.stringify(snapshotOf(this.#seen, this.#downSince, this.#downCode));
    if (text === this.#text) return;
    this.#text = text;
    for (const tell of this.#onChange) tell(text);
  }
}

function snapshotOf(seen: Seen | undefined, downSince: Date | undefined, code: string | undefined) {
  const run = seen?.run ?? null;
  return {
    database: downSince === undefined ? { up: true } : { up: false, since: downSince, code },
    run,
    empty: seen?.empty ?? null,
    figures: run === null ? null : figuresOf(run, seen!.chunks, downSince ?? new Date()),
    stages: seen?.stages ?? {},
    cells: (seen?.chunks ?? []).slice(0, MAX_CELLS).map(cellOf),
    leases: (seen?.chunks ?? []).flatMap(leaseOf),
    moreCells: Math.max(0, (seen?.chunks.length ?? 0) - MAX_CELLS),
  };
}

/** Each leased chunk, its owner, and until when. */
const leaseOf = ({ chunkNo, leaseOwner, leaseUntil, startedAt }: ChunkProgress) =>
  leaseOwner === null ? [] : [{ chunkNo, owner: leaseOwner, since: startedAt, until: leaseUntil }];

/**
 * A cell of the strip; what is nothing is left out, for there are many of them. `seconds` is what its latest attempt took,
 * `startedAt` stands where it is still at work: a chunk that takes three times as long as most stands out.
 */
export function cellOf(chunk: ChunkProgress) {
  const { chunkNo, state, users, failed, attempt, leaseOwner, startedAt, closedAt, errorCode } = chunk;
  const isClosed = startedAt !== null && closedAt !== null;
  return {
    chunkNo,
    state,
    users,
    failed: failed || undefined,
    attempt: attempt > 1 ? attempt : undefined,
    leaseOwner: leaseOwner ?? undefined,
    startedAt: state === 'leased' ? startedAt : undefined,
    seconds: isClosed ? (closedAt.getTime() - startedAt.getTime()) / 1000 : undefined,
    errorCode: errorCode ?? undefined,
  };
}
