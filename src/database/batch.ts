import { createHash } from 'node:crypto';
import { type Actor, PROCESSOR } from '../model/act.ts';
import { LeaseLostError } from '../model/errors.ts';
import { oneLine } from '../model/printable.ts';
import type { RecommendationSlice, RunCard } from '../model/recommendation.ts';
import type {
  ChunkCheck,
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
  RunTerms,
} from '../model/run.ts';
import type { SpendingSlice } from '../model/spending.ts';
import { callForRow, cut, type Driver, leaseParameters, type Parameter } from './driver.ts';

/** What a run needs: from the plan to the last chunk. Each operation is the procedure of that name. */
export type BatchDatabase = ReturnType<typeof batchOperations>;

export const batchOperations = (driver: Driver) => ({
  /** Joins the active run or plans a new one. Throws CardGeniusError FINGERPRINT_MISMATCH or RUN_ACTIVE. */
  openRun(request: RunRequest): Promise<OpenedRun> {
    return callForRow(driver, 'open_run', [
      ...runParameters(request),
      ['origin', 'varchar(10)', request.by?.origin ?? PROCESSOR.origin],
      ['person', 'nvarchar(200)', cut(request.by?.person ?? null, 200)],
      ['requested_by', 'nvarchar(200)', cut(request.requestedBy, 200)],
      ['deadline_at', 'datetime', request.deadlineAt],
    ]);
  },

  /** Keeps the bytes of the catalogue by which a run computes, once per SHA-256. Repeated, it changes nothing. */
  async keepCatalog(runId: number, bytes: Uint8Array): Promise<void> {
    await driver.call('keep_catalog', [
      ['run_id', 'bigint', runId],
      ['sha256', 'varchar(64)', createHash('sha256').update(bytes).digest('hex')],
      ['hex', 'nvarchar(max)', Buffer.from(bytes).toString('hex')],
    ]);
  },

  /** Throws FINGERPRINT_MISMATCH where the run belongs to another engine. */
  async claimChunk(request: ClaimRequest): Promise<ClaimAnswer> {
    const row = await callForRow<{
      readonly outcome: ClaimAnswer['outcome'];
      readonly runState: RunState;
      readonly chunkNo: number;
      readonly users: number;
      readonly attempt: number;
      readonly waitMs: number;
    }>(driver, 'claim_chunk', [
      ['run_id', 'bigint', request.runId],
      ['processor', 'varchar(100)', request.processor],
      ['token', 'uuid', request.token],
      ['fingerprint', 'varchar(64)', request.fingerprint],
      ['lease_seconds', 'int', request.leaseSeconds],
    ]);
    const { outcome, runState, chunkNo, users, attempt, waitMs } = row;
    if (outcome === 'claimed') return { outcome, chunkNo, users, attempt };
    if (outcome === 'wait') return { outcome, waitMs };
    return { outcome, runState };
  },

  /** The claimed set: user numbers ascending and spends in paise. */
  readChunk: (lease: Lease): Promise<SpendingSlice> => driver.readChunk(lease),

  /** False where the lease is lost. */
  async renewLease(lease: Lease, leaseSeconds: number): Promise<boolean> {
    const parameters: Parameter[] = [...leaseParameters(lease), ['lease_seconds', 'int', leaseSeconds]];
    return (await driver.call('renew_lease', parameters, 'control')).length > 0;
  },

  /** A load number that no load has used, or undefined where the lease is lost. */
  async beginLoad(lease: Lease): Promise<number | undefined> {
    const [row] = await driver.call<{ loadNo: number }>('begin_load', leaseParameters(lease), 'control');
    return row?.loadNo;
  },

  /** Bulk-loads a chunk's answers, slice by slice in order of user number, under a load number. */
  stage: (loadNo: number, slices: readonly RecommendationSlice[]): Promise<void> => driver.stage(loadNo, slices),

  /** Gives back what a load holds; the load cannot be published afterwards. To be called for every load, whatever became of it. */
  endLoad: (loadNo: number): Promise<void> => driver.endLoad(loadNo),

  /** How many users this run first planned, and how many the last comparable run did; undefined if there is none. */
  async comparePlans(runId: number): Promise<{ planned: number; before: number } | undefined> {
    const [row] = await driver.call<{ planned: number; before: number }>(
      'compare_plans',
      [['run_id', 'bigint', runId]],
      'control',
    );
    return row;
  },

  /**
   * Of the first `users` of a loaded chunk: how many had a first card before, and how many of them are given another one; summed
   * over the run. Undefined where the lease is lost.
   */
  async compareFirstCards(lease: Lease, loadNo: number, users: number): Promise<FirstCards | undefined> {
    const parameters: Parameter[] = [...leaseParameters(lease), ['load_no', 'bigint', loadNo], ['users', 'int', users]];
    const [row] = await driver.call<FirstCards>('compare_first_cards', parameters, { loadNo });
    return row;
  },

  /** Throws LeaseLostError, or DatabaseError STAGING_INCOMPLETE (transient: load again). */
  async publishChunk(lease: Lease, request: PublishRequest): Promise<ChunkResult> {
    const { loadNo, span, failure, computeMs, loadMs } = request;
    const parameters: Parameter[] = [
      ...leaseParameters(lease),
      ['load_no', 'bigint', loadNo],
      ['user_no_from', 'int', span?.from ?? null],
      ['user_no_to', 'int', span?.to ?? null],
      ['failure_code', 'varchar(50)', failure?.code ?? null],
      ['failure_message', 'varchar(400)', failure?.message ?? null],
      ['compute_ms', 'int', computeMs],
      ['load_ms', 'int', loadMs],
    ];
    const on = loadNo === null ? 'work' : { loadNo };
    const [row] = await driver.call<ChunkResult>('publish_chunk', parameters, on);
    if (row !== undefined) return row;
    throw new LeaseLostError(`the lease of chunk ${lease.chunkNo} of run ${lease.runId} is lost`);
  },

  /**
   * Looks at the rows of users that a chunk completed and that are still `completed`, at most so many, and keeps in the chunk what it
   * found. Undefined where there is no such chunk.
   */
  async checkChunk(
    { runId, chunkNo }: { readonly runId: number; readonly chunkNo: number | null },
    users: number,
  ): Promise<ChunkCheck | undefined> {
    const [row] = await driver.call<ChunkCheck>('check_chunk', [
      ['run_id', 'bigint', runId],
      ['chunk_no', 'int', chunkNo],
      ['users', 'int', users],
    ]);
    return row;
  },

  /** Undefined where the lease is lost. */
  async failChunk(lease: Lease, failure: ChunkFailure): Promise<'retry' | 'failed' | undefined> {
    const [row] = await driver.call<{ outcome: 'retry' | 'failed' }>('fail_chunk', [
      ...leaseParameters(lease),
      ['error_code', 'varchar(50)', cut(failure.code, 50)],
      ['error_message', 'varchar(400)', cut(failure.message, 400)],
      ['may_pass', 'bit', failure.isRetried],
      ['retry_after_seconds', 'int', failure.retryAfterSeconds],
    ]);
    return row?.outcome;
  },

  /** False where the lease was lost. */
  async releaseChunk(lease: Lease): Promise<boolean> {
    return (await driver.call('release_chunk', leaseParameters(lease), 'control')).length > 0;
  },

  /** Asked when no chunk can be claimed: wait for others, go on with a new round, or over. */
  advanceRun(runId: number): Promise<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }> {
    return callForRow(driver, 'advance_run', [['run_id', 'bigint', runId]]);
  },

  /**
   * The run's state afterwards, or undefined where no such run is active. A null run is the active one. A run that is paused
   * already keeps its reason.
   */
  async changeRunState(
    runId: number | null,
    state: RunState,
    reason: string,
    { acceptGate = false, by = PROCESSOR }: { readonly acceptGate?: boolean; readonly by?: Actor | undefined } = {},
  ): Promise<{ runId: number; state: RunState } | undefined> {
    const [row] = await driver.call<{ runId: number; state: RunState }>('change_run_state', [
      ['run_id', 'bigint', runId],
      ['state', 'varchar(10)', state],
      ['reason', 'nvarchar(400)', cut(oneLine(reason), 400)],
      ['accept_gate', 'bit', acceptGate],
      ['origin', 'varchar(10)', by.origin],
      ['person', 'nvarchar(200)', cut(by.person === null ? null : oneLine(by.person), 200)],
    ]);
    return row;
  },

  /** Removes staged rows that no publish will read. Returns how many. */
  async sweepStaging(): Promise<number> {
    return (await callForRow<{ swept: number }>(driver, 'sweep_staging', [])).swept;
  },

  /** The run named, or the latest. Without `wait` its counts are only to be shown: they may be ahead of a publish's commit. */
  async readRun(
    runId: number | null,
    { wait = true }: { readonly wait?: boolean } = {},
  ): Promise<RunProgress | undefined> {
    const parameters: Parameter[] = [
      ['run_id', 'bigint', runId],
      ['wait', 'bit', wait],
    ];
    const [row] = await driver.call<RunProgress>('read_run', parameters, 'control');
    return row;
  },

  /** What a run's closed chunks came to, and whether it may pass a gate. Undefined where there is no such run. */
  async sumOutcomes(runId: number): Promise<RunOutcomes | undefined> {
    const [row] = await driver.call<RunOutcomes>('sum_outcomes', [['run_id', 'bigint', runId]], 'control');
    return row;
  },
});

/** Users of a run so far, without those of chunks that are being published. */
export type RunOutcomes = Pick<RunProgress, 'completed' | 'failed' | 'gateAccepted' | 'kind'>;

/** What `open_run` and `record_fire` are given of a run alike. */
export function runParameters(run: RunTerms): Parameter[] {
  return [
    ['kind', 'varchar(10)', run.kind],
    ['engine_name', 'varchar(100)', run.engineName],
    ['engine_version', 'varchar(100)', run.engineVersion],
    ['fingerprint', 'varchar(64)', run.fingerprint],
    ['cards', 'nvarchar(max)', cardsAsJson(run.cards)],
    ['chunk_size', 'int', run.chunkSize],
    ['user_limit', 'bigint', run.userLimit],
    ['max_rounds', 'int', run.maxRounds],
    ['utc_offset', 'int', run.utcOffsetMinutes ?? 0],
    ['stamp_unchanged', 'bit', run.stampUnchanged ?? true],
  ];
}

/** The cards of a run as open_run reads them: the engine's own description of each is JSON inside of it. */
function cardsAsJson(cards: readonly RunCard[]): string {
  return JSON.stringify(
    cards.map(card => ({ ...card, definition: card.definition === undefined ? null : JSON.parse(card.definition) })),
  );
}
