import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../package.ts';

/**
 * Keeps compiled modules for the next start, which then takes a third less CPU. They are code that is run: the folder is this login's alone, whatever
 * its umask, and one that another login owns or may write is passed over, as is one that cannot be made. NODE_COMPILE_CACHE names another folder,
 * and NODE_DISABLE_COMPILE_CACHE=1 keeps none.
 */
export function keepCompiled(modules = join(PACKAGE_ROOT, 'node_modules')): void {
  if (process.env.NODE_COMPILE_CACHE !== undefined || !existsSync(modules)) return;
  const folder = join(modules, '.cache/cardgenius');
  if (!isOurs(folder)) return;
  // Threads, and programs that are started, read it from here.
  process.env.NODE_COMPILE_CACHE = folder;
  enableCompileCache(folder);
}

/** Makes the folder where it is missing. False where it cannot be made, or another login could put code into it. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    const found = lstatSync(folder);
    return (
      found.isDirectory() &&
      (process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o022) === 0))
    );
  } catch {
    return false; // read-only, or another start has just made it: this one goes without
  }
}
