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
import type { Pglite } from './pglite.ts';
import {
  COPY_OUTCOMES,
  COPY_RECOMMENDATIONS,
  COPY_SPENDING,
  decodeSpending,
  encodeFailures,
  encodeRecommendations,
  encodeSpending,
} from './staging.ts';

/** What clears the dead rows out of what every chunk fills and empties: PGlite has no autovacuum. */
const VACUUM_STAGING = 'VACUUM cardgenius.staged_recommendation, cardgenius.staged_outcome, cardgenius.chunk_user';
const PUBLISHES_PER_VACUUM = 4;

/** The operations on PostgreSQL: each is a call of the function of that name in sql/postgres, or a COPY. */
export class PostgresDatabase implements Database {
  readonly description: string;
  readonly #pglite: Pglite;
  readonly #onClose: () => void;
  readonly #requireRoom: () => void;
  #publishes = 0;

  /** `requireRoom` throws where a disk could not take another chunk. */
  constructor(pglite: Pglite, description: string, onClose: () => void, requireRoom: () => void = () => {}) {
    this.#pglite = pglite;
    this.description = description;
    this.#onClose = onClose;
    this.#requireRoom = requireRoom;
  }

  async openRun(request: RunRequest): Promise<OpenedRun> {
    const row = await this.#call<OpenRunRow>('open_run', [
      request.kind,
      request.engineName,
      request.engineVersion,
      request.fingerprint,
      cardsAsJson(request.cards),
      request.chunkSize,
      request.userLimit,
      request.maxRounds,
      request.requestedBy,
      request.deadlineAt,
    ]);
    return toOpenedRun(row!);
  }

  async claimChunk(request: ClaimRequest): Promise<ClaimAnswer> {
    const { runId, processor, token, fingerprint, leaseSeconds } = request;
    const row = await this.#call<ClaimRow>('claim_chunk', [runId, processor, token, fingerprint, leaseSeconds]);
    return toClaimAnswer(row!);
  }

  async readChunk({ runId, chunkNo, token }: Lease): Promise<SpendingSlice> {
    const call = `SELECT * FROM cardgenius.read_chunk(${Number(runId)}, ${Number(chunkNo)}, '${uuid(token)}')`;
    return decodeSpending(await this.#pglite.copyOut(`COPY (${call}) TO '/dev/blob' (FORMAT binary)`));
  }

  async renewLease({ runId, chunkNo, token }: Lease, leaseSeconds: number): Promise<RunState | undefined> {
    const row = await this.#call<{ run_state: RunState }>('renew_lease', [runId, chunkNo, token, leaseSeconds]);
    return row?.run_state;
  }

  async beginLoad({ runId, chunkNo, token }: Lease): Promise<number | undefined> {
    const row = await this.#call<{ load_no: number }>('begin_load', [runId, chunkNo, token]);
    return row === undefined ? undefined : Number(row.load_no);
  }

  async stage(loadNo: number, slices: readonly RecommendationSlice[]): Promise<void> {
    this.#requireRoom();
    await this.#pglite.copyIn(COPY_RECOMMENDATIONS, encodeRecommendations(loadNo, slices));
    if (slices.every(({ failures }) => failures.length === 0)) return;
    await this.#pglite.copyIn(COPY_OUTCOMES, encodeFailures(loadNo, slices));
  }

  async comparePlans(runId: number): Promise<{ planned: number; before: number } | undefined> {
    return this.#call<{ planned: number; before: number }>('compare_plans', [runId]);
  }

  async compareFirstCards(
    { runId, chunkNo, token }: Lease,
    loadNo: number,
    users: number,
  ): Promise<FirstCards | undefined> {
    return this.#call<FirstCards>('compare_first_cards', [runId, chunkNo, token, loadNo, users]);
  }

  async publishChunk({ runId, chunkNo, token }: Lease, request: PublishRequest): Promise<ChunkResult> {
    const { loadNo, span, failure, computeMs, loadMs } = request;
    const row = await this.#call<ChunkResultRow>('publish_chunk', [
      runId,
      chunkNo,
      token,
      loadNo,
      span?.from ?? null,
      span?.to ?? null,
      failure?.code ?? null,
      failure?.message ?? null,
      computeMs,
      loadMs,
    ]);
    if (row === undefined) throw new LeaseLostError(`the lease of chunk ${chunkNo} of run ${runId} is somebody else's`);
    if (++this.#publishes % PUBLISHES_PER_VACUUM === 0) await this.#pglite.query(VACUUM_STAGING);
    return toChunkResult(row);
  }

  async failChunk({ runId, chunkNo, token }: Lease, failure: ChunkFailure): Promise<'retry' | 'failed' | undefined> {
    const { code, message, mayPass, retryAfterSeconds } = failure;
    const row = await this.#call<{ outcome: 'retry' | 'failed' }>('fail_chunk', [
      runId,
      chunkNo,
      token,
      code,
      message,
      mayPass,
      retryAfterSeconds,
    ]);
    return row?.outcome;
  }

  async releaseChunk({ runId, chunkNo, token }: Lease): Promise<boolean> {
    return (await this.#call('release_chunk', [runId, chunkNo, token])) !== undefined;
  }

  async advanceRun(runId: number): Promise<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }> {
    return (await this.#call<{ outcome: 'wait' | 'planned' | 'closed'; state: RunState }>('advance_run', [runId]))!;
  }

  async changeRunState(
    runId: number | null,
    state: RunState,
    reason: string,
    { acceptGate = false }: { readonly acceptGate?: boolean } = {},
  ): Promise<{ runId: number; state: RunState } | undefined> {
    const row = await this.#call<{ run_id: number; state: RunState }>('change_run_state', [
      runId,
      state,
      reason,
      acceptGate,
    ]);
    return row === undefined ? undefined : { runId: Number(row.run_id), state: row.state };
  }

  async sweepStaging(): Promise<number> {
    const row = await this.#call<{ swept: number }>('sweep_staging', []);
    return Number(row!.swept);
  }

  async readRun(runId: number | null): Promise<RunProgress | undefined> {
    const row = await this.#call<Record<string, unknown>>('read_run', [runId]);
    return row === undefined ? undefined : toRunProgress(row);
  }

  async beginImport(source: string): Promise<number> {
    const row = await this.#call<{ load_no: number }>('begin_import', [source]);
    return Number(row!.load_no);
  }

  async stageSpending(loadNo: number, rows: readonly StagedSpending[]): Promise<void> {
    this.#requireRoom();
    await this.#pglite.copyIn(COPY_SPENDING, encodeSpending(loadNo, rows));
  }

  async rejectDuplicates(loadNo: number): Promise<DuplicateLine[]> {
    const rows = await this.#rows<{ line_no: number; user_id: string; first_line_no: number }>('reject_duplicates', [
      loadNo,
    ]);
    return rows.map(row => ({ lineNo: row.line_no, userId: row.user_id, firstLineNo: row.first_line_no }));
  }

  async publishImport(
    loadNo: number,
    fromLine: number,
    toLine: number,
  ): Promise<{ imported: number; unchanged: number }> {
    const row = await this.#call<{ imported: number; unchanged: number }>('publish_import', [loadNo, fromLine, toLine]);
    return { imported: Number(row!.imported), unchanged: Number(row!.unchanged) };
  }

  async endImport(loadNo: number, duplicates: number): Promise<void> {
    await this.#call('end_import', [loadNo, duplicates]);
  }

  async exportRecommendations(afterUserId: string | null, users: number): Promise<RecommendationRow[]> {
    const rows = await this.#rows<ExportRow>('export_recommendations', [afterUserId, users]);
    return rows.map(toRecommendationRow);
  }

  async readSpending(userId: string): Promise<StoredSpending | undefined> {
    const row = await this.#call<SpendingRow>('read_spending', [userId]);
    return row === undefined ? undefined : toStoredSpending(row);
  }

  async countUsers(): Promise<UserCounts> {
    return (await this.#call<UserCounts & Record<string, unknown>>('count_users', []))!;
  }

  async close(): Promise<void> {
    await this.#pglite.close();
    this.#onClose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #rows<Row>(operation: string, params: readonly unknown[]): Promise<Row[]> {
    const places = params.map((_, index) => `$${index + 1}`).join(', ');
    return this.#pglite.query<Row>(`SELECT * FROM cardgenius.${operation}(${places})`, params);
  }

  async #call<Row>(operation: string, params: readonly unknown[]): Promise<Row | undefined> {
    const [row] = await this.#rows<Row>(operation, params);
    return row;
  }
}

/** A token goes into the text of a COPY, where no parameter can: it must be what it says it is. */
function uuid(token: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token)) throw new TypeError(`not a UUID: ${token}`);
  return token;
}
