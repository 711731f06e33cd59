import type { Database } from '../database/database.ts';
import type { EngineSource } from '../engine/source.ts';
import type { RunKind, RunState } from '../model/run.ts';
import type { BatchListener } from './events.ts';

/** The sizes and limits of a run; see cron.config.ts for what each is for. */
export interface BatchSettings {
  readonly chunkSize: number;
  readonly workers: number;
  readonly chunksInFlight: number;
  readonly leaseSeconds: number;
  readonly maxRounds: number;
}

export interface BatchRequest {
  readonly kind: RunKind;
  /** At most so many users; null is all who are due. */
  readonly userLimit: number | null;
  /** This process's name in leases and logs: host:pid:random. */
  readonly processor: string;
  readonly requestedBy: string;
  readonly deadlineAt: Date | null;
  readonly engine: EngineSource;
}

/** What this process did of a run. */
export interface BatchOutcome {
  readonly runId: number;
  readonly state: RunState;
  /** Users decided in this run by this process: completed + failed + changed + gone. */
  readonly users: number;
  readonly completed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly usersPerSecond: number;
  /** Rows of card_recommendations that now stand for the users completed: ten each. */
  readonly recommendations: number;
}

/**
 * Takes part in a run until it is over: joins the active one or plans a new one, then claims, computes, loads and
 * publishes chunk after chunk, `chunksInFlight` at a time.
 *
 * When `signal` is aborted, what is in flight is given back and the outcome's state is the run's own (`stopped`, or
 * `running` where other processors go on).
 */
export async function runBatch(
  _database: Database,
  _settings: BatchSettings,
  _request: BatchRequest,
  _listener: BatchListener,
  _signal: AbortSignal,
): Promise<BatchOutcome> {
  throw new Error('under construction');
}
