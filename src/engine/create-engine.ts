import { UsageError } from '../model/errors.ts';
import { CARDS_PER_USER } from '../model/recommendation.ts';
import { createBuiltInEngine } from './built-in.ts';
import { type EligibleCards, isEligible } from './card-terms.ts';
import { type Catalog, parseCatalog, readCatalogFile } from './catalog.ts';
import type { Engine } from './engine.ts';
import { type EngineImage, engineChanged } from './image.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource } from './source.ts';

/**
 * Creates the engine that a source names, in this thread: an engine of one's own runs its code here. The program does that in
 * worker threads only; what the main process needs, load-engine.ts and open-engine.ts have.
 */
export async function createEngine(source: EngineSource): Promise<Engine> {
  const { catalogPath, enginePath: path, engineTimeoutMs, maxMonthlySpend } = source;
  if (path === undefined) return createBuiltIn(await readCatalogFile(catalogPath), source);
  return createOwnEngine(path, engineTimeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS, maxMonthlySpend);
}

/** Creates the engine of an image, in a worker thread. Throws EngineUnusableError (ENGINE_CHANGED) where it would be another one. */
export async function createEngineOf(image: EngineImage): Promise<Engine> {
  const engine =
    image.kind === 'built_in'
      ? createBuiltIn(image.catalog, image)
      : await createOwnEngine(image.modulePath, image.timeoutMs, image.maxMonthlySpend);
  if (engine.fingerprint === image.fingerprint) return engine;
  throw engineChanged(image, engine);
}

/** The built-in engine of a catalogue's bytes. Throws UsageError (CATALOG_…) naming file, card and field. */
export function createBuiltIn(
  bytes: Uint8Array,
  { catalogPath, eligibleCards = 'open', maxMonthlySpend }: BuiltInTerms,
): Engine {
  const catalog = parseCatalog(bytes, catalogPath);
  checkEligible(catalog, catalogPath, eligibleCards);
  return createBuiltInEngine({ catalog, eligibleCards, maxMonthlySpend });
}

type BuiltInTerms = Pick<EngineSource, 'catalogPath' | 'eligibleCards' | 'maxMonthlySpend'>;

async function createOwnEngine(path: string, timeoutMs: number, maxMonthlySpend: number): Promise<Engine> {
  const [{ loadEngineModule }, { adaptEngine }, { filesOf }] = await Promise.all([
    import('./plugin/engine-module.ts'),
    import('./plugin/adapted-engine.ts'),
    import('./plugin/module-graph.ts'),
  ]);
  const definition = await loadEngineModule(path);
  const files = () => filesOf(path, definition.files ?? []);
  return adaptEngine(definition, { files, path, timeoutMs, maxMonthlySpend });
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
