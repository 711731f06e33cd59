/**
 * A worker thread: creates its engine once, then computes slice after slice. What comes in was handed over, and what goes
 * out is handed over: no column is ever cloned.
 */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { createEngine } from '../engine/create.ts';
import type { EngineSource } from '../engine/source.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { SpendingSlice } from '../model/spending.ts';

const engine = await createEngine(workerData as EngineSource);

export default async function compute(slice: SpendingSlice): Promise<RecommendationSlice> {
  const answer = await engine.recommend(slice);
  return handOver(answer, [answer.userNo, answer.cardNo, answer.yearly, answer.extra, answer.points]);
}

/** Piscina hands over what `move` marks: the buffers go, the value arrives. */
function handOver(value: RecommendationSlice, columns: readonly ArrayBufferView[]): RecommendationSlice {
  const transferable = {
    [transferableSymbol]: columns.map(column => column.buffer),
    [valueSymbol]: value,
  };
  return move(transferable) as unknown as RecommendationSlice;
}
