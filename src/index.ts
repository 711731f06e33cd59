/** The package's public interface: what a cron.config.ts, an engine of one's own and a program of one's own import. */
export { type Config, defineConfig } from './config/schema.ts';
export type { OpenedDatabase } from './database/open-database.ts';
export {
  defineEngine,
  type EngineCall,
  type EngineCard,
  type EngineDefinition,
  type EngineRow,
  type EngineUser,
  type Recommender,
  type SliceRecommender,
  type UserRecommender,
  UserRejected,
} from './engine/plugin/define-engine.ts';
export {
  type ImportedUsers,
  importUsers,
  type LibraryOptions,
  type MonthlySpends,
  openDatabase,
  type RecommendedCard,
  type RunOptions,
  recommend,
  runBatch,
  storedCards,
  type UserSpends,
} from './library.ts';
export { CardGeniusError } from './model/errors.ts';
export type { RecommendationSlice, UserFailure } from './model/recommendation.ts';
export { CATEGORIES, type Category, SPENDING_COLUMNS, type SpendingSlice } from './model/spending.ts';
