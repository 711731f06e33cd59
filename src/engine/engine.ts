import type { RecommendationSlice, RunCard } from '../model/recommendation.ts';
import type { SpendingSlice } from '../model/spending.ts';

/** The identity of an engine and its cards: what a run is planned with. */
export interface EngineIdentity {
  readonly name: string;
  readonly version: string;
  /** SHA-256 (hex) of everything that decides an answer: catalogue and limits for the built-in engine. */
  readonly fingerprint: string;
  /** The cards as a run records them; a card's number is its index here. */
  readonly cards: readonly RunCard[];
  /** Of an engine of one's own: the files that it is made of, its module among them, by name. */
  readonly files?: readonly EngineFile[] | undefined;
}

export interface EngineFile {
  /** Relative to the engine's module; of a package `name@version/file`. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * What the batch asks of an engine, whichever it is: who it is, which cards it knows, and the rows of a slice.
 *
 * One is created in each worker thread of a run; all of them have the fingerprint that the run was planned with.
 */
export interface Engine extends EngineIdentity {
  /**
   * Ten rows for each user that can be served, a failure for each that cannot. Never throws for one user's sake. An engine
   * that may wait long calls `onMove` with each call that has come to an end, so that the lease sees the work move.
   */
  recommend(slice: SpendingSlice, onMove?: () => void): RecommendationSlice | Promise<RecommendationSlice>;
}
