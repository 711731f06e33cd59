import { createBuiltInEngine } from './built-in.ts';
import { loadCatalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import type { EngineSource } from './source.ts';

/** Creates the engine that a source names: in the main thread to plan with, and in each worker thread to compute. */
export async function createEngine({ catalogPath, maxMonthlySpend }: EngineSource): Promise<Engine> {
  return createBuiltInEngine({ catalog: await loadCatalog(catalogPath), maxMonthlySpend });
}
