/**
 * What an engine of one's own is: the public interface. docs/engines.md is the guide; examples/ has two.
 *
 * Units: money in whole paise, points in whole hundredths, redemption rates in ten-thousandths of a rupee (0.25 is 2500).
 */
import type { RecommendationSlice, RunCard } from '../../model/recommendation.ts';
import type { Category, SpendingSlice } from '../../model/spending.ts';

/** A card as an engine declares it, once: what a row of card_recommendations repeats for every user. */
export type EngineCard = Omit<RunCard, 'cardNo'>;

/** One user's month, in whole paise. NULL has become 0; amounts that cannot be believed never reach an engine. */
export interface EngineUser {
  /** The six spends that cards earn on; `otherOnline` is what is confirmed beyond the five, never negative. */
  readonly spends: Readonly<Record<Category, number>>;
  /** avg_confirmed_gmv as it stands in the table. */
  readonly confirmed: number;
}

/** One of a user's ten cards. Rows come best first. */
export interface EngineRow {
  /** The name of a declared card. */
  readonly card: string;
  /** total_savings_yearly, whole paise. */
  readonly yearly: number;
  /** total_extra_benefits, whole paise. */
  readonly extra: number;
  /** Points a month, whole hundredths. */
  readonly points: Readonly<Record<Category, number>>;
  /** May be left out. Where it is given it must be yearly + extra − joining fees, to the paisa. */
  readonly net?: number;
  /** May be left out. Where it is given it must be the row's place, from 1. */
  readonly rank?: number;
}

export interface EngineCall {
  /** Aborted when the time for this call is over: hand it to fetch, so that nothing goes on without a reader. */
  readonly signal: AbortSignal;
}

/** Answers for one user at a time, at once or as a promise. */
export interface UserRecommender {
  recommend(user: EngineUser, call: EngineCall): readonly EngineRow[] | Promise<readonly EngineRow[]>;
}

/** Answers for a slice of users, column by column: for engines that are fast that way. See SpendingSlice for its layout. */
export interface SliceRecommender {
  recommendSlice(slice: SpendingSlice, call: EngineCall): RecommendationSlice | Promise<RecommendationSlice>;
}

export type Recommender = UserRecommender | SliceRecommender;

export interface EngineDefinition {
  readonly name: string;
  /** Raise it whenever an answer may change: it is part of the run's fingerprint. */
  readonly version: string;
  /** At least ten, with names of their own; a card's number is its index here. */
  readonly cards: readonly EngineCard[];
  /** `net` (default): rows must descend by net savings. `own`: the engine's order is taken as it is. */
  readonly ranking?: 'net' | 'own';
  /** Users asked about at once in each worker thread, for engines that answer with promises. Default 8. */
  readonly concurrency?: number;
  /** Milliseconds before the second attempt; the third waits twice as long. Default 200. */
  readonly retryDelayMs?: number;
  /**
   * Files that the engine reads but does not import (a model, a table of rates), relative to its module. They are part of the run's
   * fingerprint, as all that it imports is: read them in create().
   */
  readonly files?: readonly string[];
  /** Called once in each worker thread, never in the main one: open connections, load models here. */
  create(): Recommender | Promise<Recommender>;
}

/** Gives an engine's module its types: `export default defineEngine({ … })`. */
export function defineEngine(engine: EngineDefinition): EngineDefinition {
  return engine;
}

/** Thrown by an engine for a user that it will never serve: that user fails with this message, and is not asked about again. */
export class UserRejected extends Error {
  readonly code = 'INVALID_SPENDING';

  constructor(message: string) {
    super(message);
    this.name = 'UserRejected';
  }
}
