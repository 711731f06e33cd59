import type { Engine } from '../../engine/engine.ts';
import { inventSlice } from './population.ts';
import { timed } from './rounds.ts';

const SLICE = 1_000;

/** Users a second that the engine serves on one core over its whole catalogue, round by round, in slices as workers get them. */
export async function measureEngine(engine: Engine, users: number, rounds: number): Promise<number[]> {
  const slices = Array.from({ length: Math.ceil(users / SLICE) }, (_, i) =>
    inventSlice(Math.min(SLICE, users - i * SLICE), i * SLICE + 1),
  );
  const pass = async () => {
    for (const slice of slices) await engine.recommend(slice);
  };
  await pass(); // warm
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) rates.push(users / (await timed(pass)));
  return rates;
}
