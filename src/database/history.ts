import type { Act } from '../model/act.ts';
import type { RecommendationRow } from '../model/exchange.ts';
import type { RunProgress } from '../model/run.ts';
import { toRunProgress } from './rows.ts';

/** What people look back at: `runs`, `status`, the dashboard. Nothing here writes. */
export interface HistoryDatabase {
  /** The latest runs, the latest first. */
  listRuns(runs: number): Promise<RunProgress[]>;
  /** The next chunks of a run after a number (0: from the first), in order. */
  listChunks(runId: number, afterChunkNo: number, chunks: number): Promise<ChunkProgress[]>;
  /** The latest attempts at chunks of a run, the latest first. */
  listAttempts(runId: number, attempts: number): Promise<Attempt[]>;
  /** Who did what to a run, or (null) the latest acts of all; the latest first. */
  listActs(runId: number | null, acts: number): Promise<Act[]>;
  /** The rows that a user has now, by rank; empty where there are none. */
  readRecommendations(userId: string): Promise<RecommendationRow[]>;
}

export type ChunkState = 'open' | 'leased' | 'done' | 'failed' | 'split' | 'superseded' | 'cancelled';

export interface ChunkProgress {
  readonly chunkNo: number;
  readonly round: number;
  readonly state: ChunkState;
  /** In its set; planned, until it is claimed. */
  readonly users: number;
  readonly completed: number;
  readonly failed: number;
  readonly changed: number;
  readonly gone: number;
  /** The number of its latest attempt; 0 before the first. */
  readonly attempt: number;
  readonly failures: number;
  /** Who holds it, and until when; null where nobody does. */
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
  /** When the latest attempt began. */
  readonly startedAt: Date | null;
  readonly closedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export interface Attempt {
  readonly chunkNo: number;
  readonly attempt: number;
  readonly leaseOwner: string;
  /** Null: still at it. */
  readonly outcome: 'done' | 'failed' | 'released' | 'expired' | 'superseded' | 'cancelled' | 'split' | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Milliseconds; null where the attempt did not come so far. */
  readonly computeMs: number | null;
  readonly loadMs: number | null;
  readonly publishMs: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export const toAct = (row: Record<string, unknown>): Act => toRunProgress(row) as unknown as Act;
/** Both are their procedure's columns in camel case, as a run is. */
export const toChunkProgress = (row: Record<string, unknown>): ChunkProgress =>
  toRunProgress(row) as unknown as ChunkProgress;
export const toAttempt = (row: Record<string, unknown>): Attempt => toRunProgress(row) as unknown as Attempt;
