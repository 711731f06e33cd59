import type { BatchEvent, Stage } from '../../batch/events.ts';
import type { BatchDatabase } from '../../database/database.ts';
import type { ChunkProgress, HistoryDatabase } from '../../database/history.ts';
import type { RunProgress } from '../../model/run.ts';
import { figuresOf, stageTotals } from '../figures.ts';
import type { Metrics } from '../metrics.ts';
import { codeOf } from './error-code.ts';

/** More are not sent: nobody sees single cells then. */
const MAX_CELLS = 1_000;
const MAX_CHUNKS = 10_000;
const MAX_ATTEMPTS = 500;

export interface WatchOptions {
  readonly database: Pick<BatchDatabase, 'readRun'>;
  readonly history: Pick<HistoryDatabase, 'listChunks' | 'listAttempts'>;
  readonly metrics: Metrics;
  readonly pollMs: number;
  /** A run began, changed its state or ended, or the database is back: what was listed before is old. */
  readonly onTurn: () => void;
}

/** What the page shows of the latest run; everything that it says without being asked. */
export type Snapshot = ReturnType<typeof snapshotOf>;

interface Seen {
  readonly run: RunProgress | null;
  readonly chunks: readonly ChunkProgress[];
  readonly stages: Readonly<Record<string, number>>;
}

/**
 * Asks the database what there is to see, at one pace however many look on, and tells those who do. It goes on while the
 * database is away, with what it knows and since when.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #onChange = new Set<(text: string) => void>();
  readonly #stages: Record<Stage, number> = { claim: 0, read: 0, compute: 0, load: 0, publish: 0 };
  #seen: Seen | undefined;
  #downSince: Date | undefined;
  #downCode: string | undefined;
  #isLocal = false;
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
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

  onChange(tell: (text: string) => void): () => void {
    this.#onChange.add(tell);
    return () => this.#onChange.delete(tell);
  }

  /** What a run in this process says: its stages are known better here than in the database. */
  readonly listener = (event: BatchEvent): void => {
    if (event.type === 'run-opened') {
      this.#isLocal = true;
      for (const stage of Object.keys(this.#stages) as Stage[]) this.#stages[stage] = 0;
    } else if (event.type === 'chunk-published') {
      for (const stage of Object.keys(this.#stages) as Stage[]) this.#stages[stage] += event.stages[stage];
    }
  };

  start(): void {
    const next = async () => {
      await this.poll();
      if (!this.#closed) this.#timer = setTimeout(next, this.#options.pollMs).unref();
    };
    void next();
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
    const { database, history, metrics, onTurn } = this.#options;
    try {
      const run = (await database.readRun(null)) ?? null;
      // What is over stays as it is: its chunks are only read once.
      const known = this.#seen?.run;
      const isOld = run !== null && run.finishedAt !== null && known?.runId === run.runId && known.finishedAt !== null;
      const chunks =
        run === null ? [] : isOld ? this.#seen!.chunks : await history.listChunks(run.runId, 0, MAX_CHUNKS);
      const stages = this.#isLocal
        ? { ...this.#stages }
        : run === null
          ? {}
          : isOld
            ? this.#seen!.stages
            : stageTotals(await history.listAttempts(run.runId, MAX_ATTEMPTS));
      if (run?.runId !== known?.runId || run?.state !== known?.state || this.#downSince !== undefined) onTurn();
      this.#seen = { run, chunks, stages };
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
    figures: run === null ? null : figuresOf(run, seen!.chunks, downSince ?? new Date()),
    stages: seen?.stages ?? {},
    cells: (seen?.chunks ?? []).slice(0, MAX_CELLS).map(cellOf),
    leases: (seen?.chunks ?? []).flatMap(leaseOf),
    moreCells: Math.max(0, (seen?.chunks.length ?? 0) - MAX_CELLS),
  };
}

/** Who holds what, and until when; a chunk that nobody holds is no lease. */
const leaseOf = ({ chunkNo, leaseOwner, leaseUntil, startedAt }: ChunkProgress) =>
  leaseOwner === null ? [] : [{ chunkNo, owner: leaseOwner, since: startedAt, until: leaseUntil }];

/** A cell of the strip. A chunk that takes three times as long as most stands out: `startedAt` lets the page tell. */
function cellOf({
  chunkNo,
  state,
  users,
  completed,
  failed,
  attempt,
  leaseOwner,
  startedAt,
  closedAt,
  errorCode,
}: ChunkProgress) {
  return { chunkNo, state, users, completed, failed, attempt, leaseOwner, startedAt, closedAt, errorCode };
}
