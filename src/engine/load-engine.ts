import { createBuiltInEngine } from './built-in.ts';
import { readCatalogFile } from './catalog.ts';
import { parseEligible } from './create-engine.ts';
import type { EngineIdentity } from './engine.ts';
import { EngineThread } from './engine-thread.ts';
import type { BuiltInImage, LoadedEngine } from './image.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource } from './source.ts';

/**
 * Loads the engine that a source names, to plan with: name, version, fingerprint, cards, and the image that worker threads compute with.
 * An engine of one's own is created in a thread of its own, asked who it is, and ended: none of its code runs here. Throws
 * UsageError (CATALOG_…, ENGINE_…) naming the file; for an engine of one's own also where it is not there `withinMs`.
 */
export async function loadEngine(source: EngineSource, withinMs?: number): Promise<LoadedEngine> {
  if (source.enginePath === undefined) return loadBuiltIn(source);
  await using thread = await EngineThread.start(source, withinMs);
  return ownEngineOf(source, thread.identity);
}

/** The built-in engine of a source's catalogue. Throws UsageError (CATALOG_…). */
export async function loadBuiltIn(source: EngineSource): Promise<LoadedEngine & { readonly image: BuiltInImage }> {
  const { catalogPath, eligibleCards, maxMonthlySpend } = source;
  const catalogFile = await readCatalogFile(catalogPath);
  const catalog = parseEligible(catalogFile, source);
  const { name, version, fingerprint, cards } = createBuiltInEngine({ catalog, eligibleCards, maxMonthlySpend });
  const image = { kind: 'built_in', catalogPath, catalog, eligibleCards, maxMonthlySpend, fingerprint } as const;
  return { name, version, fingerprint, cards, image, catalogFile };
}

/** An engine of one's own, once a thread has said who it is. */
function ownEngineOf(source: EngineSource, identity: EngineIdentity): LoadedEngine {
  const { enginePath, engineTimeoutMs: timeoutMs = DEFAULT_ENGINE_TIMEOUT_MS, maxMonthlySpend } = source;
  const { fingerprint, files = [] } = identity;
  const image = { kind: 'own', modulePath: enginePath!, timeoutMs, maxMonthlySpend, fingerprint, files } as const;
  return { ...identity, image };
}
