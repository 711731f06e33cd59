import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../package.ts';

/**
 * Keeps compiled modules for the next start, which then takes a third less CPU. They are kept beside the modules themselves: only a login that
 * may write those may write these. A folder that this process may not write is passed over. NODE_COMPILE_CACHE names another folder, and
 * NODE_DISABLE_COMPILE_CACHE=1 keeps none.
 */
export function keepCompiled(): void {
  const modules = join(PACKAGE_ROOT, 'node_modules');
  if (process.env.NODE_COMPILE_CACHE !== undefined || !existsSync(modules)) return;
  // Threads, and programs that are started, read it from here.
  process.env.NODE_COMPILE_CACHE = join(modules, '.cache/cardgenius');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
