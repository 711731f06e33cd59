import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError, type Pace } from '../model/errors.ts';
import type { BatchDatabase } from './batch.ts';

/** How long a step is tried again before its error is thrown, in milliseconds of waiting. */
const PATIENCE_MS = 120_000;
/** How long a login is tried that is refused after it was accepted: a few tries, so that a rotated password does not lock the account. */
const LOGIN_PATIENCE_MS = 300_000;

const SECOND_MS = 1_000;
/** By kind of error: the shortest pause, and the longest. */
const PAUSES: Readonly<Record<Exclude<Pace, 'login'>, readonly [least: number, most: number]>> = {
  quick: [100, SECOND_MS],
  slow: [5 * SECOND_MS, 60 * SECOND_MS],
};

export interface RetryOptions {
  /** Once it is aborted no further attempt is made: its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((error: DatabaseError, delayMs: number, operation: string) => void) | undefined;
  /** Waiting in all, in milliseconds; two minutes unless it is given. What a person waits for takes less. */
  readonly patienceMs?: number | undefined;
  /** Only tests give their own. */
  readonly sleep?: Sleep | undefined;
}

export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

const sleepForReal: Sleep = async (milliseconds, signal) => {
  await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
};

/**
 * Tries an idempotent step until it passes, with a pause by the kind of its error: 0.1–1 s after a deadlock, 5–60 s after a
 * throttle, a failover or a broken connection, a minute after a login that was refused. Tried again are only
 * transient errors, and ambiguous ones, because asking again with the same token is how they are resolved. After two minutes of
 * waiting (five for a login) the last error is thrown.
 */
export async function retry<T>(
  step: () => Promise<T>,
  { signal, onRetry, patienceMs = PATIENCE_MS, sleep = sleepForReal }: RetryOptions = {},
  operation = '',
): Promise<T> {
  let waitedMs = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (!isRetriable(error) || signal?.aborted === true) throw error;
      const patience = error.pace === 'login' ? Math.min(LOGIN_PATIENCE_MS, (patienceMs * 5) / 2) : patienceMs;
      if (waitedMs >= patience) throw error;
      const delayMs = backOff(error.pace, attempt);
      waitedMs += delayMs;
      onRetry?.(error, delayMs, operation);
      await sleep(delayMs, signal).catch(() => {});
      signal?.throwIfAborted();
    }
  }
}

/** The pause after the attempt of that number, in milliseconds: between the least of its kind and a limit that doubles up to the most. */
export function backOff(pace: Pace, attempt: number, random = Math.random): number {
  if (pace === 'login') return 60 * SECOND_MS;
  const [least, most] = PAUSES[pace];
  const limit = Math.min(most, least * 2 ** attempt);
  return Math.round(least + random() * (limit - least));
}

/** Whether a later attempt at the same step can pass. A load that is incomplete stays so: the chunk must be loaded again. */
function isRetriable(error: unknown): error is DatabaseError {
  if (!(error instanceof DatabaseError) || error.code === 'STAGING_INCOMPLETE') return false;
  return error.errorClass === 'transient' || error.errorClass === 'ambiguous';
}

/**
 * The same operations, each tried again as `retry` does. They stand on the port and not on the driver, because it is the port that
 * promises that an operation may be repeated.
 *
 * `stage` is not tried again: a load that broke off has left rows under its number, so it needs a fresh one from `beginLoad`.
 * `claimChunk` is not either: a processor that stops while a claim's answer is lost must give the chunk back.
 */
export function retrying<Port extends Partial<BatchDatabase>>(port: Port, options: RetryOptions): Port {
  return new Proxy(port, {
    get(target, name) {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== 'function' || typeof name !== 'string' || BY_HAND.has(name)) return operation;
      return (...args: unknown[]) => retry(() => operation.apply(target, args) as Promise<unknown>, options, name);
    },
  });
}

const BY_HAND: ReadonlySet<string> = new Set(['stage', 'claimChunk', 'close'] satisfies (
  | keyof BatchDatabase
  | 'close'
)[]);
