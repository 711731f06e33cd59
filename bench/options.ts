/**
 * What the scripts of this folder are told: `--name 5` on the command line, and where to measure.
 */

import { parseArgs } from 'node:util';
import { loadSettings, type Settings } from '../src/config/settings.ts';
import { messageOf } from '../src/model/errors.ts';
import type { ScratchPlace } from '../src/tools/bench/scratch-database.ts';

const SERVER = process.env.CARDGENIUS_BENCH_URL;

/** Where scratch databases are made: embedded on disk, or on the server that CARDGENIUS_BENCH_URL names. */
export const PLACE: ScratchPlace = { url: SERVER ?? 'pglite:scratch' };

/** Which engine is measured: for the figures' heading. */
export const ENGINE = SERVER
  ? `${/^postgres/.test(SERVER) ? 'PostgreSQL' : 'SQL Server'} at ${new URL(SERVER).host}`
  : 'PGlite on disk';

/** The settings that ship, whatever the environment says. */
export const settings: Settings = await loadSettings({ env: {}, cwd: import.meta.dirname });

/**
 * What the command line says over the defaults: `--name 5` is a whole number, at least 1 (100_000 is one, too); `--name` alone is
 * true where the default is false. Anything else, and `--help`, ends the process with the options that there are.
 */
export function readOptions<const Defaults extends Readonly<Record<string, number | false>>>(
  defaults: Defaults,
): { readonly [Name in keyof Defaults]: Defaults[Name] extends false ? boolean : number } {
  const names = Object.keys(defaults);
  const typeOf = (name: string) => (defaults[name] === false ? 'boolean' : 'string') as 'boolean' | 'string';
  try {
    const options = Object.fromEntries(
      [...names, 'help'].map(name => [name, { type: name === 'help' ? 'boolean' : typeOf(name) }] as const),
    );
    const { values } = parseArgs({ options });
    if (values.help === true) end(0, '');
    return Object.fromEntries(names.map(name => [name, asGiven(name, values[name], defaults[name]!)])) as never;
  } catch (error) {
    return end(2, `${messageOf(error)}\n`);
  }

  function end(code: number, message: string): never {
    const told = names.map(name => (defaults[name] === false ? `[--${name}]` : `[--${name} ${defaults[name]}]`));
    process.stderr.write(`${message}Options, with their defaults: ${told.join(' ')}\n`);
    process.exit(code);
  }
}

function asGiven(name: string, given: unknown, fallback: number | false): number | boolean {
  if (typeof given !== 'string') return given === true || fallback;
  const value = Number(given.replaceAll(/[_,]/g, ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} needs a whole number, at least 1.`);
  return value;
}

/** Peak resident memory of this process so far, in MB. */
export const peakMemory = (): number => process.resourceUsage().maxRSS / 1024;
