/**
 * A worker thread: makes its engine of the run's image once, then computes slice after slice. What comes in was handed over, and what
 * goes out is handed over: no column is ever cloned.
 */
import { BroadcastChannel } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { createEngineOf } from '../engine/engine-of-image.ts';
import type { EngineImage } from '../engine/image.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { SpendingSlice } from '../model/spending.ts';

/** What the pool sends each thread: its engine, and the channel on which to say that the work moves. */
export interface ThreadData {
  readonly engine: EngineImage;
  readonly channel: string;
}

/** This thread cannot make the engine of the run: no user is to blame. */
export interface Unusable {
  readonly unusable: { readonly code: string; readonly message: string };
}

/** Shortest time between two signs that the work moves. */
const MOVE_MS = 500;

const { engine: image, channel: channelName } = workerData as ThreadData;
// Not awaited here: what a module throws before it is loaded would end the whole process.
const creating = createEngineOf(image).then(
  engine => ({ engine }),
  (error: unknown): Unusable => ({
    unusable: { code: error instanceof CardGeniusError ? error.code : 'ENGINE_INVALID', message: messageOf(error) },
  }),
);
const channel = new BroadcastChannel(channelName);
channel.unref();
let movedAt = 0;

function onMove(): void {
  const now = performance.now();
  if (now - movedAt < MOVE_MS) return;
  movedAt = now;
  channel.postMessage(null);
}

export default async function compute(slice: SpendingSlice): Promise<RecommendationSlice | Unusable> {
  const made = await creating;
  if ('unusable' in made) return made;
  return handOver(await made.engine.recommend(slice, onMove));
}

/** Piscina hands over what `move` marks: the buffers of all columns go, the value arrives. A buffer not named would be cloned. */
function handOver(value: RecommendationSlice): RecommendationSlice {
  const columns = Object.values(value).filter(column => ArrayBuffer.isView(column));
  const transferable = {
    [transferableSymbol]: columns.map(column => column.buffer),
    [valueSymbol]: value,
  };
  return move(transferable) as unknown as RecommendationSlice;
}
