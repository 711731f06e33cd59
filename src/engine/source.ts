import type { EligibleCards } from './card-terms.ts';

/** Where an engine comes from, as the configuration names it. */
export interface EngineSource {
  /** The built-in engine's catalogue: a path. */
  readonly catalogPath: string;
  /** Which of its open cards are recommended; default: all of them. */
  readonly eligibleCards?: EligibleCards | undefined;
  /** An engine of one's own in place of the built-in one: the path of its module. */
  readonly enginePath?: string | undefined;
  /** Milliseconds for one call of such an engine. */
  readonly engineTimeoutMs?: number | undefined;
  /** The largest monthly amount that is believed, in paise. */
  readonly maxMonthlySpend: number;
}

export const DEFAULT_ENGINE_TIMEOUT_MS = 10_000;

/** How long create() may take: it loads models. */
export const createMs = (timeoutMs: number): number => Math.max(timeoutMs, 60_000);

/** Only what a thread needs of settings that may hold more: nothing secret is sent along. */
export function engineSourceOf({
  catalogPath,
  eligibleCards,
  enginePath,
  engineTimeoutMs,
  maxMonthlySpend,
}: EngineSource): EngineSource {
  return { catalogPath, eligibleCards, enginePath, engineTimeoutMs, maxMonthlySpend };
}
