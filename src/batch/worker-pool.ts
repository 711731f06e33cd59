import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { EngineSource } from '../engine/source.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import { CATEGORIES, type SpendingSlice } from '../model/spending.ts';
import { beside } from '../package.ts';
import type { ThreadData } from './compute-thread.ts';
import type { WorkerUsage } from './events.ts';

/** Below this a slice costs more to hand over than it gains. */
const MIN_SLICE_USERS = 500;
/** Slices for each worker and chunk: enough for the threads to even out, few enough to hand over cheaply. */
const SLICES_PER_WORKER = 2;
/** An engine of one's own may wait for others at every user: small slices, so that the lease sees the work move. */
const OWN_ENGINE_SLICE_USERS = 100;

/** The worker threads that compute. One pool serves all chunks in flight. */
export class WorkerPool {
  readonly #pool: Piscina<SpendingSlice, RecommendationSlice>;
  readonly #workers: number;
  /** Threads tell here, in the middle of a slice, that they are not stuck; not whose slice it is. */
  readonly #channel: BroadcastChannel;
  readonly #onMove = new Set<() => void>();
  readonly #largestSlice: number;

  constructor(workers: number, engine: EngineSource) {
    this.#workers = workers;
    this.#largestSlice = engine.enginePath === undefined ? Number.POSITIVE_INFINITY : OWN_ENGINE_SLICE_USERS;
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
  }

  /**
   * Computes a chunk, cut into slices; the answers come in the order of the users, whichever thread was first.
   * `onSlice` is called as each is ready, `onMove` when a slow engine gets on with one. Throws ENGINE_FAILED where a thread dies or the engine throws.
   */
  async compute(
    chunk: SpendingSlice,
    onSlice: (slice: RecommendationSlice) => void,
    onMove: () => void = () => {},
  ): Promise<RecommendationSlice[]> {
    this.#onMove.add(onMove);
    const even = Math.max(MIN_SLICE_USERS, Math.ceil(chunk.count / (this.#workers * SLICES_PER_WORKER)));
    const size = Math.min(even, this.#largestSlice);
    const answers: Promise<RecommendationSlice>[] = [];
    for (let from = 0; from < chunk.count; from += size) {
      const slice = cut(chunk, from, Math.min(chunk.count, from + size));
      const transferList = [slice.userNo.buffer as ArrayBuffer, slice.amounts.buffer as ArrayBuffer];
      answers.push(
        this.#pool.run(slice, { transferList }).then(answer => {
          onSlice(answer);
          return answer;
        }),
      );
    }
    try {
      return await Promise.all(answers);
    } catch (error) {
      throw new CardGeniusError('ENGINE_FAILED', `the engine failed: ${messageOf(error)}`, { cause: error });
    } finally {
      this.#onMove.delete(onMove);
    }
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
    this.#channel.close();
    await this.#pool.destroy();
  }
}

/** Users `from` to `to` (exclusive) with columns of their own, so that they can be handed over. */
function cut(chunk: SpendingSlice, from: number, to: number): SpendingSlice {
  const count = to - from;
  const amounts = new Float64Array(count * CATEGORIES.length);
  for (let c = 0; c < CATEGORIES.length; c++) {
    amounts.set(chunk.amounts.subarray(c * chunk.count + from, c * chunk.count + to), c * count);
  }
  return { count, userNo: chunk.userNo.slice(from, to), amounts };
}
