/**
 * What the procedures answer, column by column, and what the port makes of it: both engines answer alike. Numbers that a driver
 * may give as text (BIGINT) are taken as either.
 */
import type { RecommendationRow, StoredSpending } from '../model/exchange.ts';
import type { RunCard } from '../model/recommendation.ts';
import type { ChunkResult, ClaimAnswer, OpenedRun, RunProgress, RunState } from '../model/run.ts';

/** The cards of a run as open_run reads them: the engine's own description of each is JSON inside of it. */
export function cardsAsJson(cards: readonly RunCard[]): string {
  return JSON.stringify(
    cards.map(card => ({ ...card, definition: card.definition === undefined ? null : JSON.parse(card.definition) })),
  );
}

export interface OpenRunRow {
  readonly outcome: OpenedRun['outcome'];
  readonly run_id: number | string;
  readonly state: RunState;
  readonly chunks: number;
  readonly users: number | string;
  readonly superseded_id: number | string | null;
}

export function toOpenedRun({ outcome, run_id, state, chunks, users, superseded_id }: OpenRunRow): OpenedRun {
  const supersededId = superseded_id === null ? null : Number(superseded_id);
  return { outcome, runId: Number(run_id), state, chunks, users: Number(users), supersededId };
}

export interface ClaimRow {
  readonly outcome: 'claimed' | 'wait' | 'closed';
  readonly run_state: RunState;
  readonly chunk_no: number;
  readonly users: number;
  readonly attempt: number;
  readonly wait_ms: number;
}

export function toClaimAnswer({ outcome, run_state, chunk_no, users, attempt, wait_ms }: ClaimRow): ClaimAnswer {
  if (outcome === 'claimed') return { outcome, chunkNo: chunk_no, users, attempt };
  if (outcome === 'wait') return { outcome, waitMs: wait_ms };
  return { outcome, runState: run_state };
}

export interface ChunkResultRow {
  readonly state: ChunkResult['state'];
  readonly users: number;
  readonly completed: number;
  readonly failed: number;
  readonly changed: number;
  readonly gone: number;
  readonly rows_written: number;
  readonly rows_unchanged: number;
}

export function toChunkResult({ rows_written, rows_unchanged, ...counts }: ChunkResultRow): ChunkResult {
  return { ...counts, rowsWritten: rows_written, rowsUnchanged: rows_unchanged };
}

export interface SpendingRow {
  readonly user_id: string;
  readonly amazon: number | null;
  readonly flipkart: number | null;
  readonly myntra: number | null;
  readonly ajio: number | null;
  readonly grocery: number | null;
  readonly confirmed: number | null;
  readonly processing_status: string;
  readonly processing_error: string | null;
}

export function toStoredSpending(row: SpendingRow): StoredSpending {
  const { amazon, flipkart, myntra, ajio, grocery, confirmed } = row;
  return {
    userId: row.user_id,
    amounts: [amazon, flipkart, myntra, ajio, grocery, confirmed],
    status: row.processing_status,
    error: row.processing_error,
  };
}

export interface ExportRow {
  readonly user_id: string;
  readonly rank: number;
  readonly card_name: string;
  readonly total_savings_yearly: number;
  readonly joining_fees: number;
  readonly total_extra_benefits: number;
  readonly net_savings: number;
  readonly amazon_points: number;
  readonly flipkart_points: number;
  readonly myntra_points: number;
  readonly ajio_points: number;
  readonly grocery_points: number;
  readonly other_online_points: number;
  readonly redemption_method: string;
  readonly redemption_rate: number;
}

export function toRecommendationRow(row: ExportRow): RecommendationRow {
  return {
    userId: row.user_id,
    rank: row.rank,
    cardName: row.card_name,
    totalSavingsYearly: row.total_savings_yearly,
    joiningFees: row.joining_fees,
    totalExtraBenefits: row.total_extra_benefits,
    netSavings: row.net_savings,
    points: [
      row.amazon_points,
      row.flipkart_points,
      row.myntra_points,
      row.ajio_points,
      row.grocery_points,
      row.other_online_points,
    ],
    redemptionMethod: row.redemption_method,
    redemptionRate: row.redemption_rate,
  };
}

/** A row of the view run_progress: its columns are the fields of RunProgress in snake case. */
export function toRunProgress(row: Record<string, unknown>): RunProgress {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as unknown as RunProgress;
}
