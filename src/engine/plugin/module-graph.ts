/**
 * Which files an engine of one's own is made of: the module, what it imports or requires, and so on, as Node itself loads it in this
 * thread. A package of node_modules is a name, a version and the file that was imported; what that file imports in turn belongs to the
 * package. This program's own files are no part of an engine: an upgrade would make each engine another one.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { UsageError } from '../../model/errors.ts';
import { PACKAGE_ROOT, readManifest } from '../../package.ts';
import type { EngineFile } from '../engine.ts';

const OWN_FOLDERS = ['src/', 'dist/'].map(folder => new URL(folder, pathToFileURL(PACKAGE_ROOT)).href);
const PACKAGE_FILE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\/(.*)$/;

/** By URL: what a tracked module imports, and the SHA-256 of what Node has loaded. A thread loads a module once, so these stay. */
const imports = new Map<string, Set<string>>();
const loaded = new Map<string, string>();
/** Engines whose files are known: they may load no further ones. */
const complete = new Set<string>();
let isWatching = false;

const sha256Of = (bytes: string | NodeJS.ArrayBufferView) => createHash('sha256').update(bytes).digest('hex');
const isPackage = (url: string) => PACKAGE_FILE.test(url);
const isOurs = (url: string) =>
  OWN_FOLDERS.some(folder => url.startsWith(folder)) || PACKAGE_FILE.exec(url)?.[2] === readManifest().name;

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const parent = parentOf(context.parentURL);
      const children = parent === undefined ? undefined : imports.get(parent);
      const { url } = found;
      if (
        parent === undefined ||
        children === undefined ||
        children.has(url) ||
        !url.startsWith('file:') ||
        isOurs(url)
      )
        return found;
      for (const engine of complete) {
        if (!reach(engine).has(parent)) continue;
        throw new Error(
          `${fileURLToPath(url)} is imported after create() has returned, so the run cannot know it: import it before`,
        );
      }
      children.add(url);
      if (!isPackage(url) && !imports.has(url)) imports.set(url, new Set());
      return found;
    },
    load(url, context, next) {
      const found = next(url, context);
      if (!imports.has(url)) return found;
      const { source } = found;
      const bytes = source == null ? readFileSync(fileURLToPath(url)) : source;
      const sha256 = sha256Of(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : (bytes as string));
      const before = loaded.get(url);
      if (before !== undefined && before !== sha256 && [...complete].some(engine => reach(engine).has(url))) {
        throw new Error(
          `${fileURLToPath(url)} is loaded after create() has returned, and has changed: load it once, and before`,
        );
      }
      loaded.set(url, sha256);
      return found;
    },
  });
}

/**
 * The tracked module that asks for a file. createRequire() can name a path that is no module: in a worker thread only its engine does so,
 * and what it requires there is the engine's.
 */
function parentOf(url: string | undefined): string | undefined {
  if (url === undefined || imports.has(url)) return url;
  if (isMainThread || !url.startsWith('file:') || isPackage(url) || isOurs(url)) return undefined;
  return imports.keys().next().value;
}

function reach(engine: string): Set<string> {
  const urls = new Set([engine]);
  for (const url of urls) for (const child of imports.get(url) ?? []) urls.add(child);
  return urls;
}

/** As Node names a module once it is loaded: links are followed. */
const urlOf = (path: string) => pathToFileURL(realpathSync(path)).href;

/** Imports an engine's module, and keeps which files that takes. */
export async function importTracked(path: string): Promise<{ readonly default?: unknown }> {
  watch();
  const url = urlOf(path);
  if (!imports.has(url)) imports.set(url, new Set());
  return (await import(url)) as { default?: unknown };
}

/**
 * The files of an engine that importTracked has imported, once its create() has returned: it can import no further ones. `data` are
 * files that it reads otherwise, relative to the module. Throws UsageError (ENGINE_UNREADABLE) naming one that cannot be read.
 */
export function filesOf(path: string, data: readonly string[]): EngineFile[] {
  const engine = urlOf(path);
  const folder = dirname(fileURLToPath(engine));
  const urls = [...reach(engine), ...data.map(file => pathToFileURL(resolve(folder, file)).href)];
  complete.add(engine);
  // A file that was only resolved so far is loaded later, and then has to be the same.
  for (const url of imports.keys()) if (urls.includes(url) && !loaded.has(url)) loaded.set(url, hashFile(url));
  const files = urls.map(url => ({ path: nameOf(url, folder), sha256: loaded.get(url) ?? hashFile(url) }));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same name wherever the engine is installed: relative to its module's folder, or in its package. */
function nameOf(url: string, folder: string): string {
  const [, root, name, inside] = PACKAGE_FILE.exec(url) ?? [];
  if (name === undefined) return relative(folder, fileURLToPath(url)).replaceAll(sep, '/');
  const { version } = JSON.parse(readFileSync(fileURLToPath(`${root}/package.json`), 'utf8')) as { version?: string };
  return `${name}@${version ?? 'unknown'}/${inside}`;
}

function hashFile(url: string): string {
  const file = fileURLToPath(url);
  try {
    return sha256Of(readFileSync(file));
  } catch (error) {
    throw new UsageError(
      'ENGINE_UNREADABLE',
      `The engine's file ${file} cannot be read: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}
