import { UsageError } from '../model/errors.ts';
import { CARDS_PER_USER } from '../model/recommendation.ts';
import { createBuiltInEngine } from './built-in.ts';
import { type EligibleCards, isEligible } from './card-terms.ts';
import { type Catalog, parseCatalog, readCatalogFile } from './catalog.ts';
import type { Engine } from './engine.ts';
import { createOwnEngine } from './engine-of-image.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource } from './source.ts';

/**
 * Creates the engine that a source names, in this thread: an engine of one's own runs its code here. The program does that in
 * worker threads only; what the main process needs, load-engine.ts and open-engine.ts have.
 */
export async function createEngine(source: EngineSource): Promise<Engine> {
  const { catalogPath, eligibleCards, enginePath, engineTimeoutMs, maxMonthlySpend } = source;
  if (enginePath !== undefined) {
    return createOwnEngine(enginePath, engineTimeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS, maxMonthlySpend);
  }
  const catalog = parseEligible(await readCatalogFile(catalogPath), source);
  return createBuiltInEngine({ catalog, eligibleCards, maxMonthlySpend });
}

/** A catalogue of which users can be given ten cards. Throws UsageError (CATALOG_…) naming file, card and field. */
export function parseEligible(
  bytes: Uint8Array,
  { catalogPath, eligibleCards = 'open' }: Pick<EngineSource, 'catalogPath' | 'eligibleCards'>,
): Catalog {
  const catalog = parseCatalog(bytes, catalogPath);
  checkEligible(catalog, catalogPath, eligibleCards);
  return catalog;
}

/** Throws UsageError (CATALOG_TOO_FEW_CARDS) where users cannot be given ten cards. */
function checkEligible({ cards }: Catalog, path: string, eligibleCards: EligibleCards): void {
  const count = cards.filter(card => isEligible(card, eligibleCards)).length;
  if (count >= CARDS_PER_USER) return;
  const open = cards.filter(card => isEligible(card, 'open')).length;
  throw new UsageError(
    'CATALOG_TOO_FEW_CARDS',
    `Only ${count} of the ${open} open cards of ${path} are commissionable, and a user needs ${CARDS_PER_USER} to choose from. ` +
      'Complete the cards’ "offer" (what it leaves out is unknown, and unknown is not commissionable), or set eligibleCards to open.',
  );
}
