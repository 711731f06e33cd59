/**
 * The contract of the port: one suite, run on every engine. Where an engine differs from what stands here, the engine is
 * wrong. Each test starts from empty tables; the tests of one engine run one after the other on one database.
 */
import type { ExecutionContext, TestFn } from 'ava';
import { auditContract } from './audit.ts';
import { checkChunkContract } from './check-chunk.ts';
import { claimContract } from './claim.ts';
import { clockContract } from './clock.ts';
import { columnsContract } from './columns.ts';
import { type ContractEngine, reset, trackLoads } from './context.ts';
import { dryRunContract } from './dry-run.ts';
import { gatesContract } from './gates.ts';
import { historyContract } from './history.ts';
import { importContract } from './import.ts';
import { importFuzzContract } from './import-fuzz.ts';
import { locksContract } from './locks.ts';
import { prdQueriesContract } from './prd-queries.ts';
import { pruneContract } from './prune.ts';
import { publishContract } from './publish.ts';
import { refusedContract } from './refused.ts';
import { runContract } from './run.ts';
import { serviceContract } from './service.ts';
import { statisticsContract } from './statistics.ts';

export type ContractTest = (t: ExecutionContext, engine: ContractEngine) => Promise<void>;
export type ContractTests = Readonly<Record<string, ContractTest>>;

export const CONTRACT: ContractTests = {
  ...importContract,
  ...importFuzzContract,
  ...runContract,
  ...claimContract,
  ...publishContract,
  ...checkChunkContract,
  ...locksContract,
  ...refusedContract,
  ...auditContract,
  ...dryRunContract,
  ...gatesContract,
  ...historyContract,
  ...pruneContract,
  ...columnsContract,
  ...prdQueriesContract,
  ...serviceContract,
  ...statisticsContract,
  ...clockContract,
};

/** Registers the whole suite, or a part of it. `engine` is asked at the start of each test. */
export function registerContract(test: TestFn, engine: () => ContractEngine, tests: ContractTests = CONTRACT): void {
  for (const [title, body] of Object.entries(tests)) {
    test.serial(title, async t => {
      await reset(engine());
      const { tracked, endLoads } = trackLoads(engine());
      await body(t, tracked).finally(endLoads);
    });
  }
}
