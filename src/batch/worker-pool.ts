import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type EngineImage, EngineUnusableError } from '../engine/image.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';
import { type RecommendationSlice, sliceOf } from '../model/recommendation.ts';
import { SPENDING_COLUMNS, type SpendingSlice } from '../model/spending.ts';
import { beside } from '../package.ts';
import type { ThreadData, Unusable } from './compute-thread.ts';
import type { WorkerUsage } from './events.ts';

/** How many users a slice has at least: a smaller one costs more to hand over than it gains. */
const MIN_SLICE_USERS = 500;
/** How many slices each worker has of a chunk: enough for the threads to even out, few enough to hand over cheaply. */
const SLICES_PER_WORKER = 2;
/** How many users a slice has for an engine of one's own, which may wait for others at every user: the lease must see the work move. */
const OWN_ENGINE_SLICE_USERS = 100;

/** How many threads may die over one chunk; more is not a matter of users: five of them stand alone by then. */
const MAX_CRASHES = 50;
/** How often a user who stands alone is computed: the thread may have died of what it did before. */
const TRIES_ALONE = 2;

/** One call of compute. */
interface Job {
  readonly chunk: SpendingSlice;
  readonly onSlice: (slice: RecommendationSlice) => void;
  readonly onMove: () => void;
  crashes: number;
}

/** The worker threads that compute. One pool serves all chunks in flight. */
export class WorkerPool {
  readonly #pool: Piscina<SpendingSlice, RecommendationSlice | Unusable | null>;
  readonly #workers: number;
  /** Threads tell here, in the middle of a slice, that they are not stuck; not whose slice it is. */
  readonly #channel: BroadcastChannel;
  readonly #onMove = new Set<() => void>();
  readonly #largestSlice: number;
  #isClosed = false;
  /** Threads that died while they computed nothing: of code that the engine left running. */
  #idleCrashes = 0;
  readonly #onEnded: (reason: string) => void;
  readonly #reasons = new Set<string>();
  #broken: unknown;

  /** `onEnded` hears why the engine's code has ended a thread, once for each reason. */
  constructor(workers: number, engine: EngineImage, onEnded: (reason: string) => void = () => {}) {
    this.#onEnded = onEnded;
    this.#workers = workers;
    this.#largestSlice = engine.kind === 'built_in' ? Number.POSITIVE_INFINITY : OWN_ENGINE_SLICE_USERS;
    const channel = `cardgenius-${randomUUID()}`;
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = () => {
      for (const listener of this.#onMove) listener();
    };
    this.#channel.unref();
    this.#pool = new Piscina({
      filename: beside(import.meta.url, './compute-thread.ts'),
      minThreads: workers,
      maxThreads: workers,
      workerData: { engine, channel } satisfies ThreadData,
    });
    // Without a listener this would end the process. The pool replaces such a thread; where that does not help, nothing does.
    this.#pool.on('error', error => {
      this.#say(error);
      if (++this.#idleCrashes <= MAX_CRASHES || this.#broken !== undefined) return;
      this.#broken = error;
      void this.#pool.destroy();
    });
  }

  /**
   * Computes a chunk, cut into slices; the answers come in the order of the users, whichever thread was first.
   * `onSlice` is called as each is ready, `onMove` when a slow engine gets on with one. Where a thread dies or the engine
   * throws, that slice is computed again in halves until the culprit stands alone, and fails alone (ENGINE_CRASHED). Throws
   * ENGINE_FAILED where that happens so often that it cannot be the users, and EngineUnusableError where a thread cannot make the
   * engine of this run.
   */
  async compute(
    chunk: SpendingSlice,
    onSlice: (slice: RecommendationSlice) => void,
    onMove: () => void = () => {},
  ): Promise<RecommendationSlice[]> {
    if (this.#broken !== undefined) throw failed(this.#broken);
    this.#onMove.add(onMove);
    const even = Math.max(MIN_SLICE_USERS, Math.ceil(chunk.count / (this.#workers * SLICES_PER_WORKER)));
    const size = Math.min(even, this.#largestSlice);
    const job: Job = { chunk, onSlice, onMove, crashes: 0 };
    const answers: Promise<RecommendationSlice[]>[] = [];
    for (let from = 0; from < chunk.count; from += size) {
      answers.push(this.#computeSpan(job, from, Math.min(chunk.count, from + size)));
    }
    try {
      return (await Promise.all(answers)).flat();
    } catch (error) {
      throw error instanceof EngineUnusableError ? error : failed(this.#broken ?? error);
    } finally {
      this.#onMove.delete(onMove);
    }
  }

  /** Users `from` to `to` (exclusive): a slice, or several in order where one of them is a culprit. */
  async #computeSpan(job: Job, from: number, to: number): Promise<RecommendationSlice[]> {
    const { chunk, onSlice, onMove } = job;
    let crash: unknown;
    for (let tries = to - from === 1 ? TRIES_ALONE : 1; tries > 0; tries--) {
      const slice = cut(chunk, from, to); // anew each time: its columns are handed over
      const transferList = [slice.userNo.buffer as ArrayBuffer, slice.amounts.buffer as ArrayBuffer];
      try {
        const answer = await this.#pool.run(slice, { transferList });
        if (answer === null) throw null; // what the thread's code threw, for the pool no error
        if ('unusable' in answer) throw new EngineUnusableError(answer.unusable.code, answer.unusable.message);
        onSlice(answer);
        return [answer];
      } catch (error) {
        if (error instanceof EngineUnusableError || this.#isClosed || this.#broken !== undefined) throw error;
        this.#say(error);
        if (++job.crashes > MAX_CRASHES) throw error;
        onMove(); // the work does move: a lease must not run out over the search
        crash = error;
      }
    }
    if (to - from === 1) {
      const alone = failure(chunk.userNo[from]!, reasonOf(crash));
      onSlice(alone);
      return [alone];
    }
    const middle = Math.ceil((from + to) / 2);
    return [...(await this.#computeSpan(job, from, middle)), ...(await this.#computeSpan(job, middle, to))];
  }

  #say(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#isClosed || this.#reasons.has(reason)) return;
    this.#reasons.add(reason);
    this.#onEnded(reason);
  }

  usage(): WorkerUsage {
    const { threads, idleThreads, queueSize, utilization } = this.#pool;
    return {
      busy: threads.length - idleThreads,
      idle: idleThreads,
      waiting: queueSize,
      utilization: Math.min(1, utilization),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#channel.close();
    await this.#pool.destroy();
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : `its code threw ${messageOf(error)} beside its answers`;

const failed = (error: unknown) =>
  new CardGeniusError('ENGINE_FAILED', `the engine failed: ${messageOf(error)}`, { cause: error });

/** The answer for a user whose computation ends the thread, or makes the engine throw. */
function failure(userNo: number, reason: string): RecommendationSlice {
  const message = `the engine does not survive this user: ${reason}`;
  return sliceOf([], [], [{ userNo, code: 'ENGINE_CRASHED', message }]);
}

/** Users `from` to `to` (exclusive) with columns of their own, so that they can be handed over. */
function cut(chunk: SpendingSlice, from: number, to: number): SpendingSlice {
  const count = to - from;
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (let c = 0; c < SPENDING_COLUMNS.length; c++) {
    amounts.set(chunk.amounts.subarray(c * chunk.count + from, c * chunk.count + to), c * count);
  }
  return { count, userNo: chunk.userNo.slice(from, to), amounts };
}
