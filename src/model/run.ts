/**
 * A run, its chunks and what becomes of them. The words are those of the tables in schema `cardgenius`.
 */
import type { Actor } from './act.ts';
import { group } from './format.ts';
import type { RunCard } from './recommendation.ts';

/** Active: running, paused, stopped. Closed: cancelled, done, failed. */
export type RunState = 'running' | 'paused' | 'stopped' | 'cancelled' | 'done' | 'failed';
export type RunKind = 'batch' | 'dry_run';

/** What a run is opened with. Its fingerprint decides whether an active run is joined, refused or superseded. */
export interface RunRequest {
  readonly kind: RunKind;
  readonly engineName: string;
  readonly engineVersion: string;
  readonly fingerprint: string;
  readonly cards: readonly RunCard[];
  readonly chunkSize: number;
  /** How many users at most; null is all who are due. */
  readonly userLimit: number | null;
  readonly maxRounds: number;
  /** The person who asks, where one does; left out: a processor by itself. */
  readonly by?: Actor | undefined;
  /** The requester: a processor, or the schedule that fired. */
  readonly requestedBy: string;
  readonly deadlineAt: Date | null;
  /** Minutes that the schedule's zone is ahead of UTC, 0 unless it is given: it decides the day in `batch_id`. */
  readonly utcOffsetMinutes?: number | undefined;
  /** Rows that do not change carry this run's `processed_at` and `batch_id`, too; true unless it is given. */
  readonly stampUnchanged?: boolean | undefined;
}

/** What a run is asked for, without the requester and the deadline: the same for a command and for a schedule. */
export type RunTerms = Omit<RunRequest, 'requestedBy' | 'deadlineAt'>;

export interface OpenedRun {
  readonly outcome: 'joined' | 'planned' | 'superseded';
  readonly runId: number;
  readonly state: RunState;
  /** Chunks that are open or leased, and the users planned in them. */
  readonly chunks: number;
  readonly users: number;
  /** The run that this one put an end to, where the outcome is `superseded`. */
  readonly supersededId: number | null;
  /** As in RunProgress; what joins a run reads it there. */
  readonly batchId?: string | null;
}

/** A chunk under our token. Every write carries all three: that is the fence. */
export interface Lease {
  readonly runId: number;
  readonly chunkNo: number;
  readonly token: string;
}

export interface ClaimRequest {
  readonly runId: number;
  readonly processor: string;
  /** Fresh for each claim (a UUID); the same again asks for the same answer. */
  readonly token: string;
  readonly fingerprint: string;
  readonly leaseSeconds: number;
}

export type ClaimAnswer =
  | { readonly outcome: 'claimed'; readonly chunkNo: number; readonly users: number; readonly attempt: number }
  | { readonly outcome: 'wait'; readonly waitMs: number }
  | { readonly outcome: 'closed'; readonly runState: RunState };

/** Where the reason of a run names one of its users: by chunk and number, because a reason is kept for good and goes to every channel. */
export function userNamedIn(reason: string): { readonly chunkNo: number; readonly userNo: number } | undefined {
  const [, chunkNo, userNo] = /\bchunk (\d+)\b.*\buser number (\d+)/.exec(reason) ?? [];
  return userNo === undefined ? undefined : { chunkNo: Number(chunkNo), userNo: Number(userNo) };
}

/** User numbers from..to, both included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Publishes what was staged, or (with `failure`) sets the users of the span failed without reading staging. */
export interface PublishRequest {
  readonly loadNo: number | null;
  readonly span: Span | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly computeMs: number | null;
  readonly loadMs: number | null;
}

/** A chunk's counts so far: users = completed + failed + changed + gone once it is done. */
export interface ChunkResult {
  readonly state: 'leased' | 'done' | 'failed';
  readonly users: number;
  readonly completed: number;
  readonly failed: number;
  readonly changed: number;
  readonly gone: number;
  readonly rowsWritten: number;
  readonly rowsUnchanged: number;
}

/** Users of a run who had a first card before, and of them those who are given another one. */
export interface FirstCards {
  readonly known: number;
  readonly changed: number;
}

export interface ChunkFailure {
  readonly code: string;
  readonly message: string;
  /** Whether the chunk is tried again, up to three times in all; else its users become failed at once. */
  readonly isRetried: boolean;
  readonly retryAfterSeconds: number;
}

/** Is this why a gate paused a run? GATE_ begins the code of every gate. */
export const isGate = (reason: string): boolean => reason.startsWith('GATE_');

/** A row of the view run_progress. */
export interface RunProgress {
  readonly runId: number;
  readonly kind: RunKind;
  readonly state: RunState;
  readonly reason: string | null;
  readonly round: number;
  readonly engineName: string;
  readonly engineVersion: string;
  /** BATCH_20251007_001; null for a dry run. */
  readonly batchId?: string | null;
  readonly fingerprint: string;
  readonly requestedBy: string;
  /** An operator has looked, and lets it publish past the gates. */
  readonly gateAccepted: boolean;
  readonly deadlineAt: Date | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly chunks: number;
  readonly chunksOpen: number;
  readonly chunksLeased: number;
  readonly chunksClosed: number;
  readonly plannedUsers: number;
  readonly completed: number;
  readonly failed: number;
  readonly changed: number;
  readonly gone: number;
  readonly rowsWritten: number;
  readonly rowsUnchanged: number;
  readonly failures: number;
  /** Users whose rows cannot be right, as each chunk found that looked at what it had just published. */
  readonly violations?: number;
  /** By which checks, with their users, in one of those chunks: "order_by_net 12". */
  readonly violated?: string | null;
}

/** What the check of a chunk found among the users that it completed. */
export interface ChunkCheck {
  readonly chunkNo: number;
  /** Users looked at: those who are still `completed`. */
  readonly checked: number;
  /** How many of them have rows that cannot be right. */
  readonly violations: number;
  readonly violated: string | null;
}

/** How many users stand in each status. */
export interface UserCounts {
  readonly new: number;
  readonly pending: number;
  readonly completed: number;
  readonly failed: number;
  /** NULL, or a word of CashKaro's own: no run looks for these. */
  readonly other: number;
}

/** Users of a chunk or a run that have been decided. */
export const decidedOf = ({
  completed,
  failed,
  changed,
  gone,
}: Pick<ChunkResult, 'completed' | 'failed' | 'changed' | 'gone'>): number => completed + failed + changed + gone;

/** A dry run has completed no user, and failed none. */
export const decidedText = ({ kind, completed, failed }: Pick<RunProgress, 'kind' | 'completed' | 'failed'>): string =>
  kind === 'dry_run'
    ? `${group(completed)} users would be completed, ${group(failed)} would fail`
    : `${group(completed)} users completed, ${group(failed)} failed`;
