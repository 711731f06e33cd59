import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from '../model/errors.ts';

/** How often a step is tried in all. */
export const MAX_ATTEMPTS = 3;
const BASE_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

export interface RetryOptions {
  readonly signal?: AbortSignal;
  readonly onRetry?: (error: DatabaseError, delayMs: number) => void;
}

/**
 * Tries an idempotent step up to three times, with full jitter between (up to 0.2 s, then 0.8 s). Only what may pass is tried again: transient
 * errors, and ambiguous ones, because asking again with the same token is how they are resolved.
 */
export async function retry<T>(step: () => Promise<T>, { signal, onRetry }: RetryOptions = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !mayPass(error) || signal?.aborted === true) throw error;
      const delayMs = backOff(attempt);
      onRetry?.(error, delayMs);
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** Full jitter: anywhere between nothing and an exponentially growing limit, in milliseconds. */
export function backOff(attempt: number): number {
  return Math.round(Math.random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 4 ** (attempt - 1)));
}

function mayPass(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && (error.errorClass === 'transient' || error.errorClass === 'ambiguous');
}
