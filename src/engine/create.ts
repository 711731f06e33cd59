import { createBuiltInEngine } from './built-in.ts';
import { loadCatalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS, type EngineSource } from './source.ts';

/** Creates the engine that a source names: in the main thread to plan with, and in each worker thread to compute. */
export async function createEngine(source: EngineSource): Promise<Engine> {
  const { catalogPath, enginePath: path, engineTimeoutMs, maxMonthlySpend } = source;
  if (path === undefined) return createBuiltInEngine({ catalog: await loadCatalog(catalogPath), maxMonthlySpend });
  const [{ loadEngineModule }, { adaptEngine }] = await Promise.all([
    import('./plugin/engine-module.ts'),
    import('./plugin/adapted-engine.ts'),
  ]);
  const { definition, sha256 } = await loadEngineModule(path);
  const timeoutMs = engineTimeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS;
  return adaptEngine(definition, { sha256, path, timeoutMs, maxMonthlySpend });
}
