import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf, UsageError } from '../model/errors.ts';
import { distance } from './distance.ts';
import { type Config, configSchema } from './schema.ts';
import { Secret } from './secret.ts';

const CONFIG_FILE = 'cron.config.ts';
const SHIPPED_CATALOG = fileURLToPath(new URL('../../catalog/cards.json', import.meta.url));

/** The effective settings: checked, complete and frozen. Paths are absolute, money is paise. */
export interface Settings {
  readonly databaseUrl: string;
  /** From the environment or a file; never printed: it hides from JSON and from inspection. */
  readonly databasePassword: Secret | undefined;
  readonly sqlServer: {
    readonly controlConnections: number;
    readonly workConnections: number;
    readonly controlTimeoutSeconds: number;
    readonly workTimeoutSeconds: number;
  };
  readonly catalogPath: string;
  /** The module of an engine of one's own; undefined is the built-in one. */
  readonly enginePath: string | undefined;
  readonly engineTimeoutMs: number;
  readonly chunkSize: number;
  readonly workers: number;
  readonly chunksInFlight: number;
  readonly leaseSeconds: number;
  readonly maxRounds: number;
  readonly maxMonthlySpend: number;
  readonly errorRateLimit: number;
  readonly maxFailedShare: number;
  readonly log: { readonly level: string; readonly file?: string | undefined };
}

export interface SettingsSource {
  /** `--config`; without it ./cron.config.ts is read where it exists. */
  readonly configPath?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Reads the configuration, lets the environment override it, and checks the whole. Throws UsageError (CONFIG_…). */
export async function loadSettings({ configPath, env, cwd }: SettingsSource): Promise<Settings> {
  const path = configPath === undefined ? findConfig(cwd) : resolve(cwd, configPath);
  const config = path === undefined ? {} : await readConfig(path);
  const name = path ?? 'the environment';
  const override = env.CARDGENIUS_DATABASE_URL;
  const parsed = configSchema.safeParse(override ? { ...config, database: override } : config);
  if (!parsed.success) throw wrongConfig(name, parsed.error.issues[0]!);

  const { database, catalog, engine, engineTimeoutSeconds, maxMonthlySpend, ...rest } = parsed.data;
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

/** CARDGENIUS_DATABASE_PASSWORD, or the first line of the file that CARDGENIUS_DATABASE_PASSWORD_FILE names. */
function readPassword(env: SettingsSource['env'], cwd: string): Secret | undefined {
  const { CARDGENIUS_DATABASE_PASSWORD: given, CARDGENIUS_DATABASE_PASSWORD_FILE: file } = env;
  if (given) return new Secret(given);
  if (!file) return undefined;
  try {
    return new Secret(readFileSync(resolve(cwd, file), 'utf8').split(/\r?\n/)[0]!);
  } catch (error) {
    throw new UsageError(
      'CONFIG_UNREADABLE',
      `CARDGENIUS_DATABASE_PASSWORD_FILE names ${file}, which cannot be read: ${messageOf(error)}.`,
      { cause: error },
    );
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
    throw new UsageError('CONFIG_UNREADABLE', `${path} cannot be loaded: ${messageOf(error)}.`, { cause: error });
  }
  if (typeof module.default !== 'object' || module.default === null) {
    throw new UsageError('CONFIG_INVALID', `${path} must say: export default defineConfig({ … }).`);
  }
  return module.default as Config;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string;
  readonly keys?: readonly string[];
}

function knownKeys(section: PropertyKey | undefined): string[] {
  if (section === 'log') return ['level', 'file'];
  if (section === 'sqlServer') return Object.keys(configSchema.shape.sqlServer.unwrap().shape);
  return Object.keys(configSchema.shape);
}

function wrongConfig(name: string, issue: Issue): UsageError {
  const [unknown] = issue.keys ?? [];
  if (issue.code === 'unrecognized_keys' && unknown !== undefined) {
    const known = knownKeys(issue.path[0]);
    const nearest = known.map(key => ({ key, far: distance(key, unknown) })).sort((a, b) => a.far - b.far)[0]!;
    const hint = nearest.far <= 3 ? ` Did you mean ${nearest.key}?` : ` It may have: ${known.join(', ')}.`;
    const key = [...issue.path, unknown].map(String).join('.');
    return new UsageError('CONFIG_INVALID', `${name} has an unknown key ${key}.${hint}`);
  }
  return new UsageError('CONFIG_INVALID', `${name} is wrong at ${issue.path.map(String).join('.')}: ${issue.message}.`);
}
