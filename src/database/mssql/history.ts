import sql from 'mssql';
import type { Act } from '../../model/act.ts';
import type { RecommendationRow } from '../../model/exchange.ts';
import type { RunProgress } from '../../model/run.ts';
import {
  type Attempt,
  type ChunkProgress,
  type HistoryDatabase,
  toAct,
  toAttempt,
  toChunkProgress,
} from '../history.ts';
import { type ExportRow, toRecommendationRow, toRunProgress } from '../rows.ts';
import type { Pool } from './pools.ts';

type Row = Record<string, unknown>;

/** Each is a call of the procedure of that name in sql/mssql. */
export class MssqlHistory implements HistoryDatabase {
  readonly #work: Pool;

  constructor(work: Pool) {
    this.#work = work;
  }

  async listRuns(runs: number): Promise<RunProgress[]> {
    return (await this.#work.call<Row>('list_runs', [['runs', sql.Int, runs]])).map(toRunProgress);
  }

  async listChunks(runId: number, afterChunkNo: number, chunks: number): Promise<ChunkProgress[]> {
    const rows = await this.#work.call<Row>('list_chunks', [
      ['run_id', sql.BigInt, runId],
      ['after_chunk_no', sql.Int, afterChunkNo],
      ['chunks', sql.Int, chunks],
    ]);
    return rows.map(toChunkProgress);
  }

  async listAttempts(runId: number, attempts: number): Promise<Attempt[]> {
    const rows = await this.#work.call<Row>('list_attempts', [
      ['run_id', sql.BigInt, runId],
      ['attempts', sql.Int, attempts],
    ]);
    return rows.map(toAttempt);
  }

  async listActs(runId: number | null, acts: number): Promise<Act[]> {
    const rows = await this.#work.call<Row>('list_acts', [
      ['run_id', sql.BigInt, runId],
      ['acts', sql.Int, acts],
    ]);
    return rows.map(toAct);
  }

  async readRecommendations(userId: string): Promise<RecommendationRow[]> {
    const rows = await this.#work.call<ExportRow>('read_recommendations', [['user_id', sql.VarChar(50), userId]]);
    return rows.map(toRecommendationRow);
  }
}
