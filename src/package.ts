/**
 * Where the package lies, and what of it runs: src/ as TypeScript in a clone, dist/ as JavaScript where it is installed. Both have the
 * same rooms, so that what stands beside them (sql, migrations, queries, catalog, deploy) is found from either.
 */
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGE_ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The URL of a module that a thread starts with, named as in the source: `./compute-thread.ts`, seen from `moduleUrl`. */
export function beside(moduleUrl: string, source: `./${string}.ts`): string {
  return new URL(source.replace(/\.ts$/, extname(fileURLToPath(moduleUrl))), moduleUrl).href;
}

/** The package's own package.json. */
export function readManifest(): {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly node: string };
} {
  return JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
}

/**
 * How a person starts this program, as it was started now: what help and hints say. Never `npx cardgenius` alone: where it is not
 * installed, that asks the registry for a package of that name, and it is not ours.
 */
export const COMMAND = howItIsStarted(import.meta.filename, process.env);

export function howItIsStarted(file: string, env: Readonly<Record<string, string | undefined>>): string {
  if (env.CARDGENIUS_STARTED_AS !== undefined) return env.CARDGENIUS_STARTED_AS;
  if (file.endsWith('.ts') && env.npm_lifecycle_event === 'start') return './cardgenius'; // npm stands in the clone
  if (file.endsWith('.ts') || env.npm_lifecycle_event === 'cardgenius') return 'npm run -s cardgenius --';
  return env.npm_command === 'exec' ? 'npx --no -- cardgenius' : 'cardgenius';
}
