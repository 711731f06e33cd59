import type { Act } from '../model/act.ts';
import type { RecommendationRow } from '../model/contract.ts';
import type { RunProgress } from '../model/run.ts';
import { callForRow, type Driver } from './driver.ts';

/** Operations that look back: `runs`, `status`, the dashboard. They only read. */
export type HistoryDatabase = ReturnType<typeof historyOperations>;

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
  /** The processor that has it, and until when; null where no processor has it. */
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
  /** When the latest attempt began. */
  readonly startedAt: Date | null;
  readonly closedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** Users looked at who had cards before, and those of them who were given another first card; null: not looked at. */
  readonly firstCardsKnown: number | null;
  readonly firstCardsChanged: number | null;
}

export interface Attempt {
  readonly chunkNo: number;
  readonly attempt: number;
  readonly leaseOwner: string;
  /** Null: still at work. */
  readonly outcome: 'done' | 'failed' | 'released' | 'expired' | 'superseded' | 'cancelled' | 'split' | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Milliseconds; null where the attempt ended before. */
  readonly computeMs: number | null;
  readonly loadMs: number | null;
  readonly publishMs: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** A catalogue as it is kept: its SHA-256 in hexadecimal. */
export interface KeptCatalog {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** How many users have a card first, and among their ten. */
export interface CardShare {
  readonly cardName: string;
  readonly firsts: number;
  readonly tens: number;
}

/** Quantiles of the first card's net over users with cards, in paise, null without one; and how all users spend. */
export interface UserFigures {
  readonly users: number;
  readonly spendingUsers: number;
  /** Users who spend nothing; and those whose confirmed spend is below the sum of the five. */
  readonly usersAtZero: number;
  readonly confirmedBelow: number;
  readonly netLeast: number | null;
  readonly netP5: number | null;
  readonly netP25: number | null;
  readonly netP50: number | null;
  readonly netP75: number | null;
  readonly netP95: number | null;
  readonly netMost: number | null;
}

export const historyOperations = (driver: Driver) => ({
  /** The bytes of the catalogue by which a run computed, and their SHA-256 (hex); undefined where the run kept none. */
  async readCatalog(runId: number): Promise<KeptCatalog | undefined> {
    const [row] = await driver.call<KeptCatalog>('read_catalog', [['run_id', 'bigint', runId]]);
    return row;
  },

  /** The latest runs, the latest first. */
  listRuns: (runs: number): Promise<RunProgress[]> => driver.call('list_runs', [['runs', 'int', runs]]),

  /** The next chunks of a run after a number (0: from the first), in order. */
  listChunks(runId: number, afterChunkNo: number, chunks: number): Promise<ChunkProgress[]> {
    return driver.call('list_chunks', [
      ['run_id', 'bigint', runId],
      ['after_chunk_no', 'int', afterChunkNo],
      ['chunks', 'int', chunks],
    ]);
  },

  /** The latest attempts at chunks of a run, the latest first. */
  listAttempts(runId: number, attempts: number): Promise<Attempt[]> {
    return driver.call('list_attempts', [
      ['run_id', 'bigint', runId],
      ['attempts', 'int', attempts],
    ]);
  },

  /** The acts on a run, or (null) the latest acts of all; the latest first. */
  listActs(runId: number | null, acts: number): Promise<Act[]> {
    return driver.call('list_acts', [
      ['run_id', 'bigint', runId],
      ['acts', 'int', acts],
    ]);
  },

  /** Which card how many users have; the most frequent first card first. */
  reportCards: (): Promise<CardShare[]> => driver.call('report_cards', []),

  /** Users in figures. */
  reportUsers: (): Promise<UserFigures> => callForRow(driver, 'report_users', []),

  /** The rows that a user has now, by rank; empty where there are none. */
  readRecommendations(userId: string): Promise<RecommendationRow[]> {
    return driver.call('read_recommendations', [['user_id', 'varchar(50)', userId]]);
  },
});
