import { UsageError } from '../model/errors.ts';
import { CARDS_PER_USER } from '../model/recommendation.ts';
import { createBuiltInEngine } from './built-in.ts';
import { type EligibleCards, isEligible } from './card-terms.ts';
import { type Catalog, loadCatalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource } from './source.ts';

/** Creates the engine that a source names: in the main thread to plan with, and in each worker thread to compute. */
export async function createEngine(source: EngineSource): Promise<Engine> {
  const { catalogPath, eligibleCards = 'open', enginePath: path, engineTimeoutMs, maxMonthlySpend } = source;
  if (path === undefined) {
    const catalog = await loadCatalog(catalogPath);
    checkEligible(catalog, catalogPath, eligibleCards);
    return createBuiltInEngine({ catalog, eligibleCards, maxMonthlySpend });
  }
  const [{ loadEngineModule }, { adaptEngine }] = await Promise.all([
    import('./plugin/engine-module.ts'),
    import('./plugin/adapted-engine.ts'),
  ]);
  const { definition, sha256 } = await loadEngineModule(path);
  const timeoutMs = engineTimeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS;
  return adaptEngine(definition, { sha256, path, timeoutMs, maxMonthlySpend });
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
