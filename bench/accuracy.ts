/**
 * Does the engine agree with the exact reference, to the paisa, where it is hardest?
 *
 *   npm run -s accuracy -- [--pairs 1000000] [--seed 1]
 *
 * Prints how many pairs were aimed at each edge and what differed. Exit code 1 where anything did.
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { group } from '../src/model/format.ts';
import { describeMachine } from '../src/tools/bench/rounds.ts';
import { type AccuracyResult, addResults, compareWithReference } from '../test/reference/accuracy.ts';
import { EDGES } from '../test/reference/edge-users.ts';
import { readOptions } from './options.ts';

/** A thread does shares of this many pairs, each from a seed of its own: the sum does not depend on the number of threads. */
const SHARE = 10_000;

if (isMainThread) await main();
else parentPort!.postMessage(await work(workerData));

interface Shares {
  readonly shares: readonly number[];
  readonly seed: number;
  readonly pairs: number;
}

async function work({ shares, seed, pairs }: Shares): Promise<AccuracyResult> {
  const results: AccuracyResult[] = [];
  for (const share of shares) {
    results.push(await compareWithReference(Math.min(SHARE, pairs - share * SHARE), seed * 1_000_003 + share));
  }
  return addResults(results);
}

async function main(): Promise<void> {
  const { pairs, seed } = readOptions({ pairs: 1_000_000, seed: 1 });
  const threads = availableParallelism();
  const startedAt = performance.now();
  const shares = Array.from({ length: Math.ceil(pairs / SHARE) }, (_, i) => i);
  const results = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const mine = shares.filter(share => share % threads === thread);
      return new Promise<AccuracyResult>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { shares: mine, seed, pairs } });
        worker.on('message', resolve).on('error', reject);
      });
    }),
  );
  const result = addResults(results);
  const seconds = (performance.now() - startedAt) / 1000;

  console.log(describeMachine());
  console.log(
    [
      'edge'.padEnd(28),
      ...['pairs', 'on it', 'below', 'above', 'refused', 'differ'].map(text => text.padStart(9)),
    ].join(''),
  );
  for (const edge of EDGES) {
    const { on, below, above, free, refused, differences } = result.edges[edge];
    const cells = [on + below + above + free, on, below, above, refused, differences];
    console.log([edge.padEnd(28), ...cells.map(value => group(value).padStart(9))].join(''));
  }
  for (const example of result.examples.slice(0, 5)) console.log(example);
  console.log(
    `accuracy: ${group(result.aimed)} pairs aimed at an edge, ${group(result.compared)} compared with their nine neighbours, ` +
      `${group(result.differences)} differences, ${seconds.toFixed(0)} s`,
  );
  process.exitCode = result.differences === 0 ? 0 : 1;
}
