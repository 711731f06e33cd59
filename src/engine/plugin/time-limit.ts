/**
 * Time limits for code that is not ours: for a promise that never settles, and for a loop that never ends. Whatever such code throws
 * comes out as an Error.
 */
import { createContext, Script } from 'node:vm';
import { errorOf } from '../../model/errors.ts';

export class TimeLimitError extends Error {
  /** Whether the thread was blocked: asked again, such code would block it again. */
  readonly blocked: boolean;

  constructor(milliseconds: number, blocked: boolean) {
    super(`no answer within ${milliseconds} ms`);
    this.name = 'TimeLimitError';
    this.blocked = blocked;
  }
}

/** A context of its own only so that V8's watchdog can end what runs: the function is called, nothing is isolated. */
const stage = createContext({ call: undefined as (() => unknown) | undefined });
const script = new Script('call()');

/** What a call gave: a value, an error, or a promise that is still to be awaited. */
export type Called<T> = { readonly value: T } | { readonly error: Error } | { readonly promise: Promise<T> };

/**
 * Calls `step` for 0, 1, … below `count`, `milliseconds` at most for each, under one watchdog: setting one up costs more than a
 * quick answer does. Ends early, with a promise last, where a call answers with one: how many are under way is the caller's say.
 */
export function callEach<T>(milliseconds: number, count: number, step: (index: number) => T | Promise<T>): Called<T>[] {
  const called: Called<T>[] = [];
  let startedAt = 0;
  const loop = () => {
    while (called.length < count) {
      startedAt = performance.now();
      try {
        const answer = step(called.length);
        const isLater = isPromise(answer);
        called.push(isLater ? { promise: answer } : { value: answer });
        if (isLater) return;
      } catch (error) {
        called.push({ error: errorOf(error) });
      }
    }
  };
  for (;;) {
    try {
      callWithin(milliseconds, loop);
      return called;
    } catch (error) {
      if (!(error instanceof TimeLimitError)) throw error;
      // Other calls used the time up: the call under way is repeated once, with all of it.
      if (performance.now() - startedAt < milliseconds * 0.9) continue;
      called.push({ error });
    }
  }
}

/**
 * Calls `step` and awaits its answer, `milliseconds` at most for each of the two. The signal that it is given is aborted when
 * the time is over. Throws TimeLimitError. A promise whose own continuation blocks the thread cannot be ended from here.
 */
export async function withinTime<T>(milliseconds: number, step: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const controller = new AbortController();
  const answer = callWithin(milliseconds, () => {
    const given = step(controller.signal);
    return isPromise(given) ? { promise: Promise.resolve(given) } : { value: given };
  });
  if ('value' in answer) return answer.value;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new TimeLimitError(milliseconds, false);
    reject(error);
    controller.abort(error);
  }, milliseconds);
  answer.promise.catch(() => {}); // its result is not needed once it is late
  try {
    return await Promise.race([answer.promise, late]);
  } catch (error) {
    throw errorOf(error);
  } finally {
    clearTimeout(timer);
  }
}

function callWithin<T>(milliseconds: number, step: () => T): T {
  stage.call = step;
  try {
    return script.runInContext(stage, { timeout: Math.max(1, Math.ceil(milliseconds)) }) as T;
  } catch (thrown) {
    const error = errorOf(thrown);
    if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new TimeLimitError(milliseconds, true);
  } finally {
    stage.call = undefined;
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null)?.then === 'function';
}
