import { createBuiltInEngine } from './built-in.ts';
import type { Engine } from './engine.ts';
import { type EngineImage, engineChanged } from './image.ts';

/**
 * Creates the engine of an image, in a worker thread: as little is loaded as a thread needs, for a thread that died is replaced at once.
 * Throws EngineUnusableError (ENGINE_CHANGED) where it would be another one.
 */
export async function createEngineOf(image: EngineImage): Promise<Engine> {
  const engine =
    image.kind === 'built_in'
      ? createBuiltInEngine(image)
      : await createOwnEngine(image.modulePath, image.timeoutMs, image.maxMonthlySpend);
  if (engine.fingerprint === image.fingerprint) return engine;
  throw engineChanged(image, engine);
}

/** Loads an engine of one's own and adapts it: its code runs in this thread. Throws UsageError (ENGINE_…) naming the file. */
export async function createOwnEngine(path: string, timeoutMs: number, maxMonthlySpend: number): Promise<Engine> {
  const [{ loadEngineModule }, { adaptEngine }, { filesOf }] = await Promise.all([
    import('./plugin/engine-module.ts'),
    import('./plugin/adapted-engine.ts'),
    import('./plugin/module-graph.ts'),
  ]);
  const definition = await loadEngineModule(path);
  const files = () => filesOf(path, definition.files ?? []);
  return adaptEngine(definition, { files, path, timeoutMs, maxMonthlySpend });
}
