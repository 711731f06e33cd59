/** The thread of engine-thread.ts: creates the engine, says who it is, and answers slice after slice. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UsageError } from '../model/errors.ts';
import type { SpendingSlice } from '../model/spending.ts';
import { createEngine } from './create-engine.ts';
import type { ThreadMessage } from './engine-thread.ts';
import type { EngineSource } from './source.ts';

const say = (message: ThreadMessage) => parentPort!.postMessage(message);

try {
  const engine = await createEngine(workerData as EngineSource);
  const { name, version, fingerprint, cards, files } = engine;
  parentPort!.on('message', async (slice: SpendingSlice) => {
    try {
      say({ type: 'answer', answer: await engine.recommend(slice) });
    } catch (error) {
      say({ type: 'failure', message: messageOf(error) });
    }
  });
  say({ type: 'identity', identity: { name, version, fingerprint, cards, files } });
} catch (error) {
  const code = error instanceof UsageError ? error.code : 'ENGINE_INVALID';
  say({ type: 'unusable', code, message: messageOf(error) });
}
