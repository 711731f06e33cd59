import type { BatchDatabase } from '../database/batch.ts';
import { MAX_ATTEMPTS, retry } from '../database/retry.ts';
import { DatabaseError, LeaseLostError } from '../model/errors.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { ChunkResult, Lease } from '../model/run.ts';
import type { BatchListener, Stage, StageTimes } from './events.ts';
import type { FailureTally } from './failure-tally.ts';
import type { Gates } from './gates.ts';
import { Heartbeat } from './heartbeat.ts';
import { publish } from './publisher.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Longest text that staging takes for a failure. */
const MAX_MESSAGE_LENGTH = 400;

export interface ChunkContext {
  readonly database: BatchDatabase;
  readonly pool: Pick<WorkerPool, 'compute'>;
  readonly leaseSeconds: number;
  /** Where one is shut the run is paused instead of publishing. */
  readonly gates: Gates;
  /** Gets whoever fails. */
  readonly tally: FailureTally;
  readonly listener: BatchListener;
  /** Aborted when the processor stops: whatever has not begun to publish is given back. */
  readonly stopping: AbortSignal;
}

/** A claimed chunk on its way: read → compute → load → publish. Throws what it cannot mend; see crew.ts. */
export async function processChunk(context: ChunkContext, lease: Lease, claimMs: number): Promise<ChunkResult> {
  const { database, pool, leaseSeconds, gates, tally, listener, stopping } = context;
  const times: Record<Stage, number> = { claim: claimMs, read: 0, compute: 0, load: 0, publish: 0 };
  const heartbeat = new Heartbeat(database, lease, leaseSeconds);
  const signal = AbortSignal.any([heartbeat.signal, stopping]);

  const stage = async <T>(name: Stage, step: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const startedAt = performance.now();
    try {
      return await step();
    } finally {
      times[name] += performance.now() - startedAt;
      heartbeat.moved();
    }
  };
  const onRetry = (name: Stage) => ({
    signal,
    onRetry: (error: DatabaseError, delayMs: number) =>
      listener({
        type: 'chunk-retried',
        chunkNo: lease.chunkNo,
        stage: name,
        code: error.code,
        errorClass: error.errorClass,
        message: error.message,
        delayMs,
      }),
  });

  /** What a load holds, a connection on SQL Server, is given back whatever became of the chunk. */
  const loads: number[] = [];
  const endLoads = async () => {
    for (const loadNo of loads.splice(0)) await database.endLoad(loadNo);
  };

  try {
    await retry(() => gates.passPlan(), { signal });
    const users = await stage('read', () => retry(() => database.readChunk(lease), onRetry('read')));
    const slices = await stage('compute', () =>
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
    await retry(() => gates.passFailures({ chunkNo: lease.chunkNo, users: users.count, failures }), { signal });

    for (let attempt = 1; ; attempt++) {
      await endLoads();
      const loadNo = await stage('load', () =>
        retry(async () => {
          const fresh = await database.beginLoad(lease);
          if (fresh === undefined) throw new LeaseLostError(`chunk ${lease.chunkNo} was taken over before its load`);
          loads.push(fresh);
          await database.stage(fresh, staged);
          return fresh;
        }, onRetry('load')),
      );
      await retry(() => gates.passFirstCards(lease, loadNo), { signal });
      await heartbeat.finish(onRetry('publish'));
      try {
        const publication = {
          loadNo,
          lastUserNo: users.userNo.at(-1) ?? 1,
          computeMs: Math.round(times.compute),
          loadMs: Math.round(times.load),
        };
        const { onRetry: report } = onRetry('publish');
        const startedAt = performance.now();
        const result = await publish(database, lease, publication, leaseSeconds, { onRetry: report });
        times.publish = performance.now() - startedAt;
        listener({ type: 'chunk-published', chunkNo: lease.chunkNo, result, stages: times as StageTimes });
        return result;
      } catch (error) {
        const incomplete = error instanceof DatabaseError && error.code === 'STAGING_INCOMPLETE';
        if (!incomplete || attempt === MAX_ATTEMPTS) throw error;
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
  work.catch(() => {}); // nobody listens any more once it was aborted
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** `processing_error` is ASCII and short, whatever an engine says. */
function withPlainMessages(slice: RecommendationSlice): RecommendationSlice {
  if (slice.failures.length === 0) return slice;
  return {
    ...slice,
    failures: slice.failures.map(failure => ({ ...failure, message: plainText(failure.message) })),
  };
}

/** Printable ASCII, everything else as `?`, cut to what staging takes. */
export function plainText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, MAX_MESSAGE_LENGTH);
}
