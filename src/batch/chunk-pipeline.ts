import type { BatchDatabase } from '../database/batch.ts';
import { type RetryOptions, retry, retrying, type Sleep } from '../database/retrying.ts';
import { DatabaseError, LeaseLostError } from '../model/errors.ts';
import { asciiText } from '../model/printable.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { ChunkResult, Lease } from '../model/run.ts';
import type { BatchListener, Stage, StageTimes } from './events.ts';
import type { FailureTally } from './failure-tally.ts';
import type { Gates } from './gates.ts';
import { Heartbeat } from './heartbeat.ts';
import { publish } from './publisher.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How many times a chunk is loaded whose staged rows are not all there when it is published. */
const MAX_LOADS = 3;
/** How many characters of a failure's text staging takes. */
const MAX_MESSAGE_LENGTH = 400;

export interface ChunkContext {
  readonly database: BatchDatabase;
  readonly pool: Pick<WorkerPool, 'compute'>;
  readonly leaseSeconds: number;
  /** As in BatchSettings. */
  readonly checkedUsers: number;
  /** A gate that is shut pauses the run, and the chunk is not published. */
  readonly gates: Gates;
  /** Counts the users that fail. */
  readonly tally: FailureTally;
  readonly listener: BatchListener;
  /** Only tests give their own. */
  readonly sleep?: Sleep | undefined;
  /** Aborted when the processor stops: whatever has not begun to publish is given back. */
  readonly stopping: AbortSignal;
}

/** A claimed chunk on its way: read → compute → load → publish. Throws what becomes its fate; see recovery.ts. */
export async function processChunk(context: ChunkContext, lease: Lease, claimMs: number): Promise<ChunkResult> {
  const { database, pool, leaseSeconds, tally, listener, sleep, stopping } = context;
  const times: Record<Stage, number> = { claim: claimMs, read: 0, compute: 0, load: 0, publish: 0 };
  const heartbeat = new Heartbeat(database, lease, leaseSeconds);
  const signal = AbortSignal.any([heartbeat.signal, stopping]);

  /** The stage that the chunk is in; what the gates ask counts to the stage before them. */
  let current: Stage = 'read';
  const timed = async <T>(name: Stage, step: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    current = name;
    const startedAt = performance.now();
    try {
      return await step();
    } finally {
      times[name] += performance.now() - startedAt;
      heartbeat.moved();
    }
  };
  const onRetry = (error: DatabaseError, delayMs: number) => {
    heartbeat.waits(delayMs);
    listener({
      type: 'chunk-retried',
      chunkNo: lease.chunkNo,
      stage: current,
      code: error.code,
      errorClass: error.errorClass,
      message: error.message,
      delayMs,
    });
  };
  const patient: RetryOptions = { signal, onRetry, sleep };
  const steady = retrying(database, patient);
  // From the last renewal on the lock of the chunk's row is the lease: neither a stop nor the heartbeat ends a publish.
  const publishing = retrying(database, { onRetry, sleep });

  /** What a load holds, a connection on SQL Server, is given back whatever became of the chunk. */
  const loads: number[] = [];
  const endLoads = async () => {
    for (const loadNo of loads.splice(0)) await database.endLoad(loadNo);
  };

  try {
    const gates = context.gates.through(steady);
    await gates.passPlan();
    const users = await timed('read', () => steady.readChunk(lease));
    const slices = await timed('compute', () =>
      abortable(
        signal,
        pool.compute(
          users,
          slice => {
            heartbeat.moved();
            listener({
              type: 'users-computed',
              chunkNo: lease.chunkNo,
              users: slice.userNo.length + slice.failures.length,
              failed: slice.failures.length,
            });
          },
          () => heartbeat.moved(),
        ),
      ),
    );
    const staged = slices.map(withPlainMessages);
    const failures = staged.flatMap(slice => slice.failures);
    tally.add(failures);
    await gates.passFailures({ chunkNo: lease.chunkNo, users: users.count, failures });

    for (let attempt = 1; ; attempt++) {
      await endLoads();
      const loadNo = await timed('load', () =>
        retry(
          async () => {
            const fresh = await database.beginLoad(lease);
            if (fresh === undefined) throw new LeaseLostError(`chunk ${lease.chunkNo} was taken over before its load`);
            loads.push(fresh);
            await database.stage(fresh, staged);
            return fresh;
          },
          patient,
          'stage',
        ),
      );
      await gates.passFirstCards(lease, loadNo);
      current = 'publish';
      await heartbeat.finish(steady);
      try {
        const publication = {
          loadNo,
          lastUserNo: users.userNo.at(-1) ?? 1,
          computeMs: Math.round(times.compute),
          loadMs: Math.round(times.load),
        };
        const startedAt = performance.now();
        const result = await publish(publishing, lease, publication, leaseSeconds);
        times.publish = performance.now() - startedAt;
        listener({ type: 'chunk-published', chunkNo: lease.chunkNo, result, stages: times as StageTimes });
        return result;
      } catch (error) {
        const incomplete = error instanceof DatabaseError && error.code === 'STAGING_INCOMPLETE';
        if (!incomplete || attempt === MAX_LOADS) throw error;
      }
    }
  } finally {
    await heartbeat.stop();
    await endLoads();
  }
}

/** Waits for work that cannot be interrupted, but not longer than until the signal. */
async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  work.catch(() => {}); // its result is not needed once it was aborted
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** `processing_error` is ASCII and short, whatever an engine says, and the same on every database. */
function withPlainMessages(slice: RecommendationSlice): RecommendationSlice {
  if (slice.failures.length === 0) return slice;
  return {
    ...slice,
    failures: slice.failures.map(failure => ({ ...failure, message: plainText(failure.message) })),
  };
}

/** Printable ASCII, cut to what staging takes. */
export const plainText = (text: string): string => asciiText(text).slice(0, MAX_MESSAGE_LENGTH);
