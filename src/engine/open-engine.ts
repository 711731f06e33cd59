import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { EngineThread } from './engine-thread.ts';
import type { EngineSource } from './source.ts';

/**
 * The engine that a source names, to ask for a few users outside of a run: `recommend`, `parity`. The built-in engine answers in this
 * thread; one of one's own in a thread that lives until it is disposed of. Throws UsageError (CATALOG_…, ENGINE_…) naming the file.
 */
export async function openEngine(source: EngineSource): Promise<Engine & AsyncDisposable> {
  if (source.enginePath !== undefined) {
    const thread = await EngineThread.start(source);
    return {
      ...thread.identity,
      recommend: slice => thread.recommend(slice),
      [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
    };
  }
  return { ...(await createEngine(source)), [Symbol.asyncDispose]: async () => {} };
}
