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
import type { Pglite } from './pglite.ts';

type Row = Record<string, unknown>;

/** Each is a call of the function of that name in sql/postgres. */
export class PostgresHistory implements HistoryDatabase {
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async listRuns(runs: number): Promise<RunProgress[]> {
    return (await this.#pglite.query<Row>('SELECT * FROM cardgenius.list_runs($1)', [runs])).map(toRunProgress);
  }

  async listChunks(runId: number, afterChunkNo: number, chunks: number): Promise<ChunkProgress[]> {
    const call = 'SELECT * FROM cardgenius.list_chunks($1, $2, $3)';
    return (await this.#pglite.query<Row>(call, [runId, afterChunkNo, chunks])).map(toChunkProgress);
  }

  async listAttempts(runId: number, attempts: number): Promise<Attempt[]> {
    const call = 'SELECT * FROM cardgenius.list_attempts($1, $2)';
    return (await this.#pglite.query<Row>(call, [runId, attempts])).map(toAttempt);
  }

  async listActs(runId: number | null, acts: number): Promise<Act[]> {
    return (await this.#pglite.query<Row>('SELECT * FROM cardgenius.list_acts($1, $2)', [runId, acts])).map(toAct);
  }

  async readRecommendations(userId: string): Promise<RecommendationRow[]> {
    const call = 'SELECT * FROM cardgenius.read_recommendations($1)';
    return (await this.#pglite.query<ExportRow & Row>(call, [userId])).map(toRecommendationRow);
  }
}
