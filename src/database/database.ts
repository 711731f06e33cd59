import type { DuplicateLine, RecommendationRow, StagedSpending, StoredSpending } from '../model/exchange.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type {
  ChunkFailure,
  ChunkResult,
  ClaimAnswer,
  ClaimRequest,
  FirstCards,
  Lease,
  OpenedRun,
  PublishRequest,
  RunProgress,
  RunRequest,
  RunState,
  UserCounts,
} from '../model/run.ts';
import type { SpendingSlice } from '../model/spending.ts';

/**
 * The port: what the program asks of a database, operation by operation. Each operation is one stored procedure of the
 * same name (`claimChunk` is `sql/<engine>/claim_chunk.sql`), and its logic stands there, not here.
 *
 * Every operation may throw a DatabaseError, whose class says what a retry can do. Operations that carry a lease answer
 * undefined, or throw LeaseLostError where they would have written, once the lease is somebody else's.
 * All of them may be repeated with the same arguments when an answer was lost.
 */
export interface BatchDatabase {
  /** Joins the active run or plans a new one. Throws CardGeniusError FINGERPRINT_MISMATCH or RUN_ACTIVE. */
  openRun(request: RunRequest): Promise<OpenedRun>;
  /** Throws FINGERPRINT_MISMATCH where the run belongs to another engine. */
  claimChunk(request: ClaimRequest): Promise<ClaimAnswer>;
  /** The claimed set: user numbers ascending and spends in paise. */
  readChunk(lease: Lease): Promise<SpendingSlice>;
  /** The run's state, or undefined where the lease is lost. */
  renewLease(lease: Lease, leaseSeconds: number): Promise<RunState | undefined>;
  /** A load number nobody has used, or undefined where the lease is lost. */
  beginLoad(lease: Lease): Promise<number | undefined>;
  /** Bulk-loads a chunk's answers, slice by slice in order of user number, under a load number. */
  stage(loadNo: number, slices: readonly RecommendationSlice[]): Promise<void>;
  /** The users planned at first by a run, and by the one before that was asked for alike; undefined where there was none. */
  comparePlans(runId: number): Promise<{ planned: number; before: number } | undefined>;
  /**
   * Of the first `users` of a loaded chunk: who had a first card before, and who is given another one; summed over the run.
   * Undefined where the lease is lost.
   */
  compareFirstCards(lease: Lease, loadNo: number, users: number): Promise<FirstCards | undefined>;
  /** Throws LeaseLostError, or DatabaseError STAGING_INCOMPLETE (transient: load again). */
  publishChunk(lease: Lease, request: PublishRequest): Promise<ChunkResult>;
  /** Undefined where the lease is lost. */
  failChunk(lease: Lease, failure: ChunkFailure): Promise<'retry' | 'failed' | undefined>;
  /** False where the lease was lost. */
  releaseChunk(lease: Lease): Promise<boolean>;
  /** Asked when nothing can be claimed: wait for others, go on with a new round, or over. */
  advanceRun(runId: number): Promise<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }>;
  /**
   * The run's state afterwards, or undefined where no such run is active. A null run is the active one. A run that is paused
   * already keeps its reason.
   */
  changeRunState(
    runId: number | null,
    state: RunState,
    reason: string,
    options?: { readonly acceptGate?: boolean },
  ): Promise<{ runId: number; state: RunState } | undefined>;
  /** Removes staged rows that no publish will read. Returns how many. */
  sweepStaging(): Promise<number>;
  /** The run named, or the latest. */
  readRun(runId: number | null): Promise<RunProgress | undefined>;
}

export interface ExchangeDatabase {
  beginImport(source: string): Promise<number>;
  /** Bulk-loads rows of an import; line numbers ascend from call to call. */
  stageSpending(loadNo: number, rows: readonly StagedSpending[]): Promise<void>;
  /** Takes second and later rows of an id out of the import. */
  rejectDuplicates(loadNo: number): Promise<DuplicateLine[]>;
  /** Brings the staged rows of a span of lines in. */
  publishImport(loadNo: number, fromLine: number, toLine: number): Promise<{ imported: number; unchanged: number }>;
  endImport(loadNo: number, duplicates: number): Promise<void>;
  /** The next users' rows after a user id (null: from the start), by user_id and rank; empty at the end. */
  exportRecommendations(afterUserId: string | null, users: number): Promise<RecommendationRow[]>;
  readSpending(userId: string): Promise<StoredSpending | undefined>;
  countUsers(): Promise<UserCounts>;
}

/** How much of a pool of connections is in use. */
export interface PoolUsage {
  readonly pool: string;
  readonly inUse: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  readonly limit: number;
}

export interface Database extends BatchDatabase, ExchangeDatabase, AsyncDisposable {
  /** For logs and messages: the engine and where it is; never a secret. */
  readonly description: string;
  close(): Promise<void>;
}
