import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { nearestOf } from '../model/distance.ts';
import { errorOf, messageOf, UsageError } from '../model/errors.ts';
import { issueWords, MISSING } from '../model/issue-words.ts';
import type { Secret } from '../model/secret.ts';
import { PACKAGE_ROOT } from '../package.ts';
import { applyEnvironment, at, type Environment, misspelledVariables, readPassword } from './environment.ts';
import { KEYS, keysAt } from './keys.ts';
import { type Config, configSchema } from './schema.ts';

export { misspelledVariables };

const CONFIG_FILE = 'cron.config.ts';
const SHIPPED_CATALOG = join(PACKAGE_ROOT, 'catalog/cards.json');

/** The effective settings: checked, complete and frozen. Paths are absolute, money is paise. */
export interface Settings extends Omit<Checked, 'database' | 'catalog' | 'engine' | 'engineTimeoutSeconds'> {
  readonly databaseUrl: string;
  /** From the environment or a file; never printed: it hides from JSON and from inspection. */
  readonly databasePassword: Secret | undefined;
  readonly catalogPath: string;
  /** The module of an engine of one's own; undefined is the built-in one. */
  readonly enginePath: string | undefined;
  readonly engineTimeoutMs: number;
}

type Checked = Readonly<z.output<typeof configSchema>>;

export interface SettingsSource {
  /** `--config`; without it ./cron.config.ts is read where it exists. */
  readonly configPath?: string | undefined;
  /** What such a file would hold, in place of one; a program says it on purpose, so that it goes before the environment. */
  readonly config?: Config | undefined;
  readonly env: Environment;
  readonly cwd: string;
}

/** Reads the configuration, lets the environment override it, and checks the whole. Throws UsageError (CONFIG_…). */
export async function loadSettings(source: SettingsSource): Promise<Settings> {
  const { data, path } = await readWhole(source);
  const { env, cwd } = source;
  const { database, catalog, engine, engineTimeoutSeconds, maxMonthlySpend, ...rest } = data;
  const folder = path === undefined ? cwd : dirname(path);
  return Object.freeze({
    ...rest,
    databaseUrl: database,
    databasePassword: readPassword(env, cwd),
    catalogPath: catalog === undefined ? SHIPPED_CATALOG : resolve(folder, catalog),
    enginePath: engine === undefined ? undefined : resolve(folder, engine),
    engineTimeoutMs: Math.round(engineTimeoutSeconds * 1000),
    maxMonthlySpend: Math.round(maxMonthlySpend * 100),
  });
}

/** A setting as it holds, for people: `value` shows no secret. */
export interface EffectiveSetting {
  readonly key: string;
  readonly value: unknown;
  /** `default`, a file's path, or an environment variable. */
  readonly source: string;
  readonly variable: string;
}

/** Every setting, what it is, and where it came from. `describeDatabase` says where an address leads, without its secrets. */
export async function effectiveSettings(
  source: SettingsSource,
  describeDatabase: (url: string) => Promise<string>,
): Promise<EffectiveSetting[]> {
  const { data, path, config, origins } = await readWhole(source);
  const password = readPassword(source.env, source.cwd);
  const fromFile = source.env.CARDGENIUS_DATABASE_PASSWORD ? '' : '_FILE';
  const passwordSource = password === undefined ? 'default' : `CARDGENIUS_DATABASE_PASSWORD${fromFile}`;
  const shownDatabase = await describeDatabase(data.database);
  const settings = KEYS.map(key => {
    const name = key.path.join('.');
    const inFile = at(config, key.path) !== undefined ? (path ?? 'default') : 'default';
    const value = at(data, key.path);
    const shown = name === 'database' ? shownDatabase : value;
    return { key: name, value: shown ?? null, source: origins.get(name) ?? inFile, variable: key.variable };
  });
  const secret = { key: 'databasePassword', value: password ?? null, source: passwordSource };
  return [...settings, { ...secret, variable: 'CARDGENIUS_DATABASE_PASSWORD' }];
}

async function readWhole({ configPath, config: given, env, cwd }: SettingsSource) {
  const found = configPath === undefined ? findConfig(cwd) : resolve(cwd, configPath);
  const path = given === undefined ? found : undefined;
  const file = given ?? (path === undefined ? {} : await readConfig(path));
  const { config, origins } = applyEnvironment(file, env, cwd, given !== undefined);
  const place = given === undefined ? (path ?? 'the environment') : 'the config given in code';
  return { data: checkConfig(config, place, origins), path, config, origins };
}

/**
 * What a configuration says, with defaults. Throws UsageError CONFIG_INVALID, which names the key that is wrong and where it
 * stands: `file`, or the variable that `origins` has for it.
 */
export function checkConfig(config: object, file: string, origins: ReadonlyMap<string, string> = new Map()) {
  const parsed = parse(config, file);
  if (!parsed.success) throw wrongConfig(file, parsed.error.issues[0]!, origins);
  return parsed.data;
}

/** A file may hold what even looking at throws: an object that cannot be made a number, a getter. The key is named all the same. */
function parse(config: object, file: string) {
  try {
    return configSchema.safeParse(config, { error: issueWords });
  } catch (cause) {
    const key = Object.keys(config).find(name => {
      try {
        configSchema.safeParse({ [name]: (config as Readonly<Record<string, unknown>>)[name] });
        return false;
      } catch {
        return true;
      }
    });
    const message = `${file} is wrong at ${key}: it cannot be looked at: ${messageOf(cause)}.`;
    throw new UsageError('CONFIG_INVALID', message, { cause });
  }
}

function findConfig(cwd: string): string | undefined {
  const path = resolve(cwd, CONFIG_FILE);
  return existsSync(path) ? path : undefined;
}

async function readConfig(path: string): Promise<Config> {
  if (!existsSync(path)) {
    throw new UsageError(
      'CONFIG_UNREADABLE',
      `There is no ${path}. Name a file like ${CONFIG_FILE}, or leave --config out.`,
    );
  }
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw new UsageError('CONFIG_UNREADABLE', `${path} cannot be loaded: ${messageOf(error)}${lineOf(error, path)}.`, {
      cause: withoutSource(error),
    });
  }
  if (typeof module.default !== 'object' || module.default === null || Array.isArray(module.default)) {
    throw new UsageError('CONFIG_INVALID', `${path} must say: export default defineConfig({ … }).`);
  }
  return module.default as Config;
}

/** ` (FILE:LINE)` where the stack of an error names the file. */
function lineOf(error: unknown, path: string): string {
  const [, line] =
    errorOf(error)
      .stack?.split(path)[1]
      ?.match(/^(?:\?[^:\s]*)?:(\d+)/) ?? [];
  return line === undefined ? '' : ` (${path}:${line})`;
}

/** Node puts the line that is wrong before the stack, and --verbose prints that: a password may stand there. The file and the line's number stay. */
function withoutSource(thrown: unknown): unknown {
  const error = errorOf(thrown);
  if (error.stack === undefined) return error;
  const [place] = /^.+:\d+$/m.exec(error.stack) ?? [];
  const frames = error.stack.split('\n').filter(line => /^ {4}at /.test(line));
  const bare = new Error(error.message);
  bare.stack = [place, `${error.name}: ${error.message}`, ...frames].filter(line => line !== undefined).join('\n');
  return bare;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string;
  readonly keys?: readonly string[];
}

const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('.')));

function wrongConfig(file: string, issue: Issue, origins: ReadonlyMap<string, string>): UsageError {
  const place = issue.path.map(String).join('.');
  const name = [...origins].find(([key]) => key === place || place.startsWith(`${key}.`))?.[1] ?? file;
  const beside = [...origins].find(([key]) => key.includes('.') && parentOf(key) === parentOf(place))?.[1];
  if (issue.message === MISSING && name === file && beside !== undefined) {
    const variable = KEYS.find(({ path }) => path.join('.') === place)?.variable ?? place;
    return new UsageError('CONFIG_INVALID', `${beside} needs ${variable} beside it (${place}): ${MISSING}.`);
  }
  const [unknown] = issue.keys ?? [];
  if (issue.code === 'unrecognized_keys' && unknown !== undefined) {
    const known = keysAt(issue.path);
    const nearest = nearestOf(unknown, known, 3);
    const hint = nearest === undefined ? ` It may have: ${known.join(', ')}.` : ` Did you mean ${nearest}?`;
    const key = [...issue.path, unknown].map(String).join('.');
    return new UsageError('CONFIG_INVALID', `${name} has an unknown key ${key}.${hint}`);
  }
  return new UsageError('CONFIG_INVALID', `${name} is wrong at ${place}: ${issue.message}.`);
}
