/**
 * What every measurement shares: rounds, medians, and the machine that the figures belong to.
 */
import { cpus, totalmem } from 'node:os';
import { group } from '../../model/format.ts';

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, lowest: sorted[0]!, highest: sorted.at(-1)! };
}

/** Each value divided by that of its neighbour in the same round. */
export function ratiosOf(values: readonly number[], floor: readonly number[]): number[] {
  return values.map((value, round) => value / floor[round]!);
}

export function describeMachine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}`;
}

/** Seconds that a step takes. */
export async function timed(step: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await step();
  return (performance.now() - startedAt) / 1000;
}

export const ratio = (value: number): string => value.toFixed(2);

/** `median (lowest–highest)`, as rates or ratios. */
export function show({ median, lowest, highest }: Spread, format: (value: number) => string = group): string {
  return `${format(median)} (${format(lowest)}–${format(highest)})`;
}
