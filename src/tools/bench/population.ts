import type { BatchListener } from '../../batch/events.ts';
import { runBatch } from '../../batch/run-batch.ts';
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../database/database.ts';
import { loadEngine } from '../../engine/load-engine.ts';
import { inventUser, seedSpending } from '../../exchange/seed-spending.ts';
import type { SpendingSlice } from '../../model/spending.ts';
import { SPENDING_COLUMNS } from '../../model/spending.ts';

/** Users of the run that warms up: enough that each session has published several times. */
export const warmUsers = (users: number): number => Math.min(4_000, Math.max(500, Math.round(users / 10)));

/**
 * Fills an empty database with invented users that are due, and warms it up: a small run over others, after which every
 * session has its plans, and the target is not empty any more. Without it a short measurement measures the beginning.
 */
export async function populate(database: Database, settings: Settings, users: number): Promise<void> {
  const warm = warmUsers(users);
  await seedSpending(database, users + warm, 1);
  await runOnce(database, { ...settings, chunkSize: Math.ceil(warm / 8) }, { userLimit: warm, expected: warm });
}

export interface RunOptions {
  readonly userLimit?: number | null;
  /** Users that must be completed; the measurement is void otherwise. */
  readonly expected: number;
  readonly listener?: BatchListener;
}

/** One whole run as `cardgenius run` makes it. */
export async function runOnce(database: Database, settings: Settings, options: RunOptions): Promise<void> {
  const request = {
    kind: 'batch',
    userLimit: options.userLimit ?? null,
    processor: 'bench',
    requestedBy: 'bench',
    deadlineAt: null,
    engine: await loadEngine(settings),
  } as const;
  const { listener = () => {}, expected } = options;
  const outcome = await runBatch(database, settings, request, listener, new AbortController().signal);
  if (outcome.completed !== expected) {
    throw new Error(`the measurement is void: ${expected} users were to be completed, but ${JSON.stringify(outcome)}`);
  }
}

/** The same invented users as they reach an engine: in one slice, numbered from 1. */
export function inventSlice(users: number, from = 1): SpendingSlice {
  const amounts = new Float64Array(users * SPENDING_COLUMNS.length);
  for (let i = 0; i < users; i++) {
    for (const [c, amount] of inventUser(from + i, 1).amounts.entries()) amounts[c * users + i] = amount ?? 0;
  }
  return { count: users, userNo: Int32Array.from({ length: users }, (_, i) => i + 1), amounts };
}
