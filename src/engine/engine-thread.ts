import { Worker } from 'node:worker_threads';
import type { UsageCode } from '../model/codes.ts';
import { CardGeniusError, messageOf, UsageError } from '../model/errors.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { SpendingSlice } from '../model/spending.ts';
import { beside } from '../package.ts';
import type { EngineIdentity } from './engine.ts';
import { createMs, DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource, engineSourceOf } from './source.ts';

/** What the thread says: once who its engine is, or why there is none; then an answer for each slice, in order. */
export type ThreadMessage =
  | { readonly type: 'identity'; readonly identity: EngineIdentity }
  | { readonly type: 'unusable'; readonly code: UsageCode; readonly message: string }
  | { readonly type: 'answer'; readonly answer: RecommendationSlice }
  | { readonly type: 'failure'; readonly message: string };

/** How long a module may take to load, beside what create() may take; after that it hangs. */
const LOAD_MS = 30_000;
/** Node's exit code where code still waits at the top of a module, and nothing is left that could end that. */
const WAITS_FOR_EVER = 13;

/**
 * An engine of one's own in a worker thread of its own, outside of a run. Whatever its code does (an interval, a rejection that no code
 * handles, an endless loop) ends with the thread, and never with the program.
 */
export class EngineThread implements AsyncDisposable {
  readonly identity: EngineIdentity;
  readonly #worker: Worker;

  private constructor(worker: Worker, identity: EngineIdentity) {
    this.#worker = worker;
    this.identity = identity;
  }

  /** Throws UsageError (ENGINE_…) naming the module, also where it is not there `withinMs`; the default leaves create() its time. */
  static async start(source: EngineSource, withinMs?: number): Promise<EngineThread> {
    const worker = new Worker(new URL(beside(import.meta.url, './engine-thread-main.ts')), {
      workerData: engineSourceOf(source),
    });
    try {
      const startMs = withinMs ?? createMs(source.engineTimeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS) + LOAD_MS;
      const said = await nextMessage(worker, `${source.enginePath}`, startMs);
      if (said.type === 'identity') return new EngineThread(worker, said.identity);
      throw 'code' in said
        ? new UsageError(said.code, said.message)
        : invalid(source.enginePath, 'it says nothing of itself');
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** One slice at a time. */
  async recommend(slice: SpendingSlice): Promise<RecommendationSlice> {
    this.#worker.postMessage(slice);
    const said = await nextMessage(this.#worker, this.identity.name);
    if (said.type === 'answer') return said.answer;
    throw new CardGeniusError('ENGINE_FAILED', `the engine failed: ${'message' in said ? said.message : said.type}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

const endOf = (code: number): string =>
  code === WAITS_FOR_EVER
    ? 'an await at the top of its module never ends'
    : `its code has ended the thread (process.exit, code ${code})`;

const invalid = (path: string | undefined, why: string) =>
  new UsageError(
    'ENGINE_INVALID',
    `The engine ${path} cannot be created: ${why}. Correct the module: the next run or fire loads it again.`,
  );

function nextMessage(worker: Worker, path: string, withinMs?: number): Promise<ThreadMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadMessage>();
  const onError = (error: unknown) => reject(invalid(path, messageOf(error)));
  const onExit = (code: number) => reject(invalid(path, endOf(code)));
  worker.once('message', resolve).once('error', onError).once('exit', onExit);
  const timer =
    withinMs === undefined
      ? undefined
      : setTimeout(
          () =>
            reject(
              invalid(
                path,
                `it is not there after ${withinMs / 1000} s: the top of its module or its create() loops, or waits for ever`,
              ),
            ),
          withinMs,
        );
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', resolve).off('error', onError).off('exit', onExit);
    worker.on('error', () => {}); // what it does from now on concerns no caller
  });
}
