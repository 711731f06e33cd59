import type { ErrorClass } from '../model/errors.ts';
import type { ChunkCheck, ChunkResult, OpenedRun, RunState } from '../model/run.ts';

/**
 * What a run says while it goes on, for progress, logs and metrics. Listeners are called synchronously and must not throw.
 */
export type BatchEvent =
  | ({ readonly type: 'run-opened' } & OpenedRun)
  | { readonly type: 'chunk-claimed'; readonly chunkNo: number; readonly users: number; readonly attempt: number }
  | { readonly type: 'users-computed'; readonly chunkNo: number; readonly users: number; readonly failed: number }
  | {
      readonly type: 'chunk-published';
      readonly chunkNo: number;
      readonly result: ChunkResult;
      readonly stages: StageTimes;
    }
  | {
      readonly type: 'chunk-retried';
      readonly chunkNo: number;
      readonly stage: Stage;
      readonly code: string;
      readonly errorClass: ErrorClass;
      readonly message: string;
      readonly delayMs: number;
    }
  /** A step of no chunk in particular: a claim, a next round, what is written at the end. */
  | {
      readonly type: 'step-retried';
      readonly operation: string;
      readonly code: string;
      readonly errorClass: ErrorClass;
      readonly message: string;
      readonly delayMs: number;
    }
  | {
      readonly type: 'chunk-failed';
      readonly chunkNo: number;
      readonly outcome: 'retry' | 'failed';
      readonly code: string;
      readonly message: string;
    }
  /** What a chunk has just published cannot be right: how many of the users looked at, and by which checks. */
  | ({ readonly type: 'chunk-violated' } & ChunkCheck)
  /** A chunk is published, and could not be looked at afterwards. */
  | { readonly type: 'chunk-unchecked'; readonly chunkNo: number; readonly code: string; readonly message: string }
  /** `stuckSeconds`: for so long nothing had moved in it. */
  | { readonly type: 'lease-lost'; readonly chunkNo: number; readonly stuckSeconds?: number }
  | { readonly type: 'round-planned' }
  /** The threads that compute are there; what they are at can be asked until they are gone. */
  | { readonly type: 'workers-started'; readonly usage: () => WorkerUsage }
  | { readonly type: 'workers-stopped' }
  /** The engine's code ended a worker thread, said once for each reason: another takes its place. */
  | { readonly type: 'thread-ended'; readonly message: string }
  /** The database stays in trouble: this processor leaves the run. */
  | { readonly type: 'run-left-for-trouble'; readonly runId: number; readonly code: string; readonly message: string }
  | { readonly type: 'run-closed'; readonly runId: number; readonly state: RunState };

/** What the worker threads of a run are at. */
export interface WorkerUsage {
  readonly busy: number;
  readonly idle: number;
  /** Slices of chunks that wait for a thread. */
  readonly waiting: number;
  /** Share of the threads' time that went into computing since they were started: 0 to 1. */
  readonly utilization: number;
}

/** The stages that the time of a chunk is counted by. */
export type Stage = 'claim' | 'read' | 'compute' | 'load' | 'publish';
/** Milliseconds. */
export type StageTimes = Readonly<Record<Stage, number>>;

export type BatchListener = (event: BatchEvent) => void;
