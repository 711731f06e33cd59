/**
 * A worker thread: creates its engine once, then computes slice after slice. What comes in was handed over, and what goes
 * out is handed over: no column is ever cloned.
 */
import { BroadcastChannel } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { createEngine } from '../engine/create.ts';
import type { EngineSource } from '../engine/source.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { SpendingSlice } from '../model/spending.ts';

/** What the pool sends each thread: its engine, and the channel on which to say that the work moves. */
export interface ThreadData {
  readonly engine: EngineSource;
  readonly channel: string;
}

/** Nobody needs to know more often. */
const MOVE_MS = 500;

const { engine: source, channel: channelName } = workerData as ThreadData;
const engine = await createEngine(source);
const channel = new BroadcastChannel(channelName);
channel.unref();
let movedAt = 0;

function onMove(): void {
  const now = performance.now();
  if (now - movedAt < MOVE_MS) return;
  movedAt = now;
  channel.postMessage(null);
}

export default async function compute(slice: SpendingSlice): Promise<RecommendationSlice> {
  const answer = await engine.recommend(slice, onMove);
  return handOver(answer);
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
