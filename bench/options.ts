/**
 * What the scripts of this folder are told: `--name 5` on the command line, and where to measure.
 */

import type { ScratchPlace } from '../src/bench/scratch-database.ts';
import { loadSettings, type Settings } from '../src/config/settings.ts';

const SERVER = process.env.CARDGENIUS_BENCH_URL;

/** Where scratch databases are made: embedded on disk, or on the SQL Server that CARDGENIUS_BENCH_URL names. */
export const PLACE: ScratchPlace = { url: SERVER ?? 'pglite:scratch' };

/** Which engine is measured: for the figures' heading. */
export const ENGINE = SERVER ? `SQL Server at ${new URL(SERVER).host}` : 'PGlite on disk';

/** The settings that ship, whatever the environment says. */
export const settings: Settings = await loadSettings({ env: {}, cwd: import.meta.dirname });

/** `--name 5` of the command line as a whole number, or the default. */
export function numberOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]?.replaceAll(/[_,]/g, ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} needs a whole number`);
  return value;
}

/** Peak resident memory of this process so far, in MB. */
export const peakMemory = (): number => process.resourceUsage().maxRSS / 1024;
