import sql from 'mssql';
import { LeaseLostError } from '../../model/errors.ts';
import type { DuplicateLine, RecommendationRow, StagedSpending, StoredSpending } from '../../model/exchange.ts';
import type { RecommendationSlice } from '../../model/recommendation.ts';
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
} from '../../model/run.ts';
import type { SpendingSlice } from '../../model/spending.ts';
import type { Database } from '../database.ts';
import {
  type ChunkResultRow,
  type ClaimRow,
  cardsAsJson,
  type ExportRow,
  type OpenRunRow,
  type SpendingRow,
  toChunkResult,
  toClaimAnswer,
  toOpenedRun,
  toRecommendationRow,
  toRunProgress,
  toStoredSpending,
} from '../rows.ts';
import type { Parameter, Pool } from './pools.ts';
import {
  bulkLoad,
  failureRows,
  recommendationRows,
  STAGED_OUTCOME,
  STAGED_RECOMMENDATION,
  STAGED_SPENDING,
  spendingRows,
  toSpendingSlice,
} from './staging.ts';

const { BigInt: BIGINT, Bit: BIT, DateTime2, Int: INT, NVarChar, UniqueIdentifier: UUID, VarChar } = sql;

/**
 * The operations on SQL Server: each is a call of the procedure of that name in sql/mssql, or a bulk load. Ids and codes go as
 * VARCHAR: an NVARCHAR parameter would turn a seek on a VARCHAR key into a scan.
 */
export class MssqlDatabase implements Database {
  readonly description: string;
  readonly #control: Pool;
  readonly #work: Pool;
  readonly #onClose: () => Promise<void>;

  constructor(pools: { control: Pool; work: Pool }, onClose: () => Promise<void>) {
    this.#control = pools.control;
    this.#work = pools.work;
    this.#onClose = onClose;
    this.description = pools.control.description;
  }

  async openRun(request: RunRequest): Promise<OpenedRun> {
    const row = await this.#work.callForRow<OpenRunRow>('open_run', [
      ['kind', VarChar(10), request.kind],
      ['engine_name', VarChar(100), request.engineName],
      ['engine_version', VarChar(100), request.engineVersion],
      ['fingerprint', VarChar(64), request.fingerprint],
      ['cards', NVarChar(sql.MAX), cardsAsJson(request.cards)],
      ['chunk_size', INT, request.chunkSize],
      ['user_limit', BIGINT, request.userLimit],
      ['max_rounds', INT, request.maxRounds],
      ['requested_by', NVarChar(200), request.requestedBy.slice(0, 200)],
      ['deadline_at', DateTime2(3), request.deadlineAt],
    ]);
    return toOpenedRun(row);
  }

  async claimChunk(request: ClaimRequest): Promise<ClaimAnswer> {
    const row = await this.#work.callForRow<ClaimRow>('claim_chunk', [
      ['run_id', BIGINT, request.runId],
      ['processor', VarChar(100), request.processor],
      ['token', UUID, request.token],
      ['fingerprint', VarChar(64), request.fingerprint],
      ['lease_seconds', INT, request.leaseSeconds],
    ]);
    return toClaimAnswer(row);
  }

  async readChunk(lease: Lease): Promise<SpendingSlice> {
    return toSpendingSlice(await this.#work.callForArrays('read_chunk', under(lease)));
  }

  async renewLease(lease: Lease, leaseSeconds: number): Promise<RunState | undefined> {
    const [row] = await this.#control.call<{ run_state: RunState }>('renew_lease', [
      ...under(lease),
      ['lease_seconds', INT, leaseSeconds],
    ]);
    return row?.run_state;
  }

  async beginLoad(lease: Lease): Promise<number | undefined> {
    const [row] = await this.#control.call<{ load_no: string }>('begin_load', under(lease));
    return row === undefined ? undefined : Number(row.load_no);
  }

  async stage(loadNo: number, slices: readonly RecommendationSlice[]): Promise<void> {
    await this.#work.withConnection(STAGED_RECOMMENDATION.name, connection =>
      bulkLoad(connection, STAGED_RECOMMENDATION, recommendationRows(loadNo, slices)),
    );
    if (slices.every(({ failures }) => failures.length === 0)) return;
    await this.#work.withConnection(STAGED_OUTCOME.name, connection =>
      bulkLoad(connection, STAGED_OUTCOME, failureRows(loadNo, slices)),
    );
  }

  async comparePlans(runId: number): Promise<{ planned: number; before: number } | undefined> {
    const [row] = await this.#control.call<{ planned: number; before: number }>('compare_plans', [
      ['run_id', BIGINT, runId],
    ]);
    return row;
  }

  async compareFirstCards(lease: Lease, loadNo: number, users: number): Promise<FirstCards | undefined> {
    const [row] = await this.#work.call<FirstCards>('compare_first_cards', [
      ...under(lease),
      ['load_no', BIGINT, loadNo],
      ['users', INT, users],
    ]);
    return row;
  }

  async publishChunk(lease: Lease, request: PublishRequest): Promise<ChunkResult> {
    const { loadNo, span, failure, computeMs, loadMs } = request;
    const [row] = await this.#work.call<ChunkResultRow>('publish_chunk', [
      ...under(lease),
      ['load_no', BIGINT, loadNo],
      ['user_no_from', INT, span?.from ?? null],
      ['user_no_to', INT, span?.to ?? null],
      ['failure_code', VarChar(50), failure?.code ?? null],
      ['failure_message', VarChar(400), failure?.message ?? null],
      ['compute_ms', INT, computeMs],
      ['load_ms', INT, loadMs],
    ]);
    if (row === undefined)
      throw new LeaseLostError(`the lease of chunk ${lease.chunkNo} of run ${lease.runId} is lost`);
    return toChunkResult(row);
  }

  async failChunk(lease: Lease, failure: ChunkFailure): Promise<'retry' | 'failed' | undefined> {
    const [row] = await this.#work.call<{ outcome: 'retry' | 'failed' }>('fail_chunk', [
      ...under(lease),
      ['error_code', VarChar(50), failure.code.slice(0, 50)],
      ['error_message', VarChar(400), failure.message.slice(0, 400)],
      ['may_pass', BIT, failure.mayPass],
      ['retry_after_seconds', INT, failure.retryAfterSeconds],
    ]);
    return row?.outcome;
  }

  async releaseChunk(lease: Lease): Promise<boolean> {
    return (await this.#control.call('release_chunk', under(lease))).length > 0;
  }

  async advanceRun(runId: number): Promise<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }> {
    const row = await this.#work.callForRow<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }>(
      'advance_run',
      [['run_id', BIGINT, runId]],
    );
    return row;
  }

  async changeRunState(
    runId: number | null,
    state: RunState,
    reason: string,
    { acceptGate = false }: { readonly acceptGate?: boolean } = {},
  ): Promise<{ runId: number; state: RunState } | undefined> {
    const [row] = await this.#work.call<{ run_id: string; state: RunState }>('change_run_state', [
      ['run_id', BIGINT, runId],
      ['state', VarChar(10), state],
      ['reason', NVarChar(400), reason.slice(0, 400)],
      ['accept_gate', BIT, acceptGate],
    ]);
    return row === undefined ? undefined : { runId: Number(row.run_id), state: row.state };
  }

  async sweepStaging(): Promise<number> {
    const row = await this.#work.callForRow<{ swept: string }>('sweep_staging', []);
    return Number(row.swept);
  }

  async readRun(runId: number | null): Promise<RunProgress | undefined> {
    const [row] = await this.#control.call<Record<string, unknown>>('read_run', [['run_id', BIGINT, runId]]);
    return row === undefined ? undefined : toRunProgress(row);
  }

  async beginImport(source: string): Promise<number> {
    const row = await this.#control.callForRow<{ load_no: string }>('begin_import', [
      ['source', NVarChar(400), source.slice(0, 400)],
    ]);
    return Number(row.load_no);
  }

  async stageSpending(loadNo: number, rows: readonly StagedSpending[]): Promise<void> {
    await this.#work.withConnection(STAGED_SPENDING.name, connection =>
      bulkLoad(connection, STAGED_SPENDING, spendingRows(loadNo, rows)),
    );
  }

  async rejectDuplicates(loadNo: number): Promise<DuplicateLine[]> {
    const rows = await this.#work.call<{ line_no: number; user_id: string; first_line_no: number }>(
      'reject_duplicates',
      [['load_no', BIGINT, loadNo]],
    );
    return rows.map(row => ({ lineNo: row.line_no, userId: row.user_id, firstLineNo: row.first_line_no }));
  }

  async publishImport(
    loadNo: number,
    fromLine: number,
    toLine: number,
  ): Promise<{ imported: number; unchanged: number }> {
    const row = await this.#work.callForRow<{ imported: string; unchanged: string }>('publish_import', [
      ['load_no', BIGINT, loadNo],
      ['line_no_from', INT, fromLine],
      ['line_no_to', INT, toLine],
    ]);
    return { imported: Number(row.imported), unchanged: Number(row.unchanged) };
  }

  async endImport(loadNo: number, duplicates: number): Promise<void> {
    await this.#control.call('end_import', [
      ['load_no', BIGINT, loadNo],
      ['duplicates', BIGINT, duplicates],
    ]);
  }

  async exportRecommendations(afterUserId: string | null, users: number): Promise<RecommendationRow[]> {
    const rows = await this.#work.call<ExportRow>('export_recommendations', [
      ['after_user_id', VarChar(50), afterUserId],
      ['users', INT, users],
    ]);
    return rows.map(toRecommendationRow);
  }

  async readSpending(userId: string): Promise<StoredSpending | undefined> {
    const [row] = await this.#control.call<SpendingRow>('read_spending', [['user_id', VarChar(50), userId]]);
    return row === undefined ? undefined : toStoredSpending(row);
  }

  async countUsers(): Promise<UserCounts> {
    const row = await this.#work.callForRow<UserCounts>('count_users', []);
    return row;
  }

  async close(): Promise<void> {
    await this.#onClose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The fence that every write of a worker carries. */
function under({ runId, chunkNo, token }: Lease): Parameter[] {
  return [
    ['run_id', BIGINT, runId],
    ['chunk_no', INT, chunkNo],
    ['token', UUID, token],
  ];
}
