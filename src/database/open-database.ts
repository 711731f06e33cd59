import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, UsageError } from '../model/errors.ts';
import type { OpenedEngine } from './database.ts';
import { checkSchema, migrate } from './migrate/migrate.ts';
import type { PoolSettings } from './pool-settings.ts';

export interface OpenedDatabase extends OpenedEngine, AsyncDisposable {
  /** The migrations that opening it has applied, by name: none except on the embedded engine. */
  readonly applied: readonly string[];
}

export interface OpenOptions {
  /** False leaves the check of the schema out: for `cardgenius migrate` itself. */
  readonly checkSchema?: boolean;
  /** The embedded engine may be another process's, which then answers: for a caller that looks, steers or imports, and neither computes nor migrates. */
  readonly beside?: boolean;
  /** This process keeps an embedded engine until it is stopped: no other waits for it. */
  readonly stays?: boolean;
  /** Called where another process has the embedded engine, and is soon done or just opening its door: this one waits for it, for 30 s. Without it, no wait. */
  readonly onWait?: (message: string) => void;
  /** False leaves the embedded engine as it is: for a caller that only looks. */
  readonly migrate?: boolean;
  /** For a caller that reads and writes little: the embedded engine takes 16 MB for its buffers, and not 256. */
  readonly light?: boolean;
  /** From the environment or a file; goes before one in the URL. */
  readonly password?: string | undefined;
  readonly pools?: PoolSettings | undefined;
  /** A database of that server in place of the one that the URL names. */
  readonly databaseName?: string | undefined;
}

/**
 * Opens the database that a URL names: `pglite:PATH`, `pglite:memory`, `mssql://…`, `Server=…;Database=…` or `postgres://…`.
 *
 * The embedded engine is migrated as it is opened: it is ours alone. Any other database is only checked, because its
 * schema is its DBA's business.
 */
export async function openDatabase(url: string, options: OpenOptions = {}): Promise<OpenedDatabase> {
  const { opened, isBeside } = await openPatiently(url, options);
  if (isBeside) return { ...opened, applied: [], [Symbol.asyncDispose]: () => opened.database.close() };
  let applied: string[] = [];
  try {
    if (url.trim().startsWith('pglite:')) {
      if (options.migrate !== false) applied = (await migrate(opened.target)).pending.map(file => file.name);
    } else if (options.checkSchema !== false) {
      await checkSchema(opened.target);
    }
  } catch (error) {
    await opened.database.close();
    throw error;
  }
  opened.admitOthers?.();
  return { ...opened, applied, [Symbol.asyncDispose]: () => opened.database.close() };
}

/** How long, and how often, an embedded engine is waited for that another process has. */
const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 250;

async function openPatiently(
  url: string,
  options: OpenOptions,
): Promise<{ readonly opened: OpenedEngine; readonly isBeside: boolean }> {
  const began = performance.now();
  for (let isTold = false; ; isTold = true) {
    const holder = options.beside === true ? await askHolder(url) : undefined;
    if (holder !== undefined) return { opened: holder, isBeside: true };
    try {
      return { opened: await open(url, options), isBeside: false };
    } catch (error) {
      const mayPass =
        error instanceof DatabaseError && error.code === 'DATABASE_IN_USE' && error.errorClass === 'transient';
      if (!mayPass || options.onWait === undefined || performance.now() - began >= PATIENCE_MS) throw error;
      if (!isTold) options.onWait(`${error.message} Waiting for it, for up to ${PATIENCE_MS / 1000} s.`);
    }
    await sleep(ASK_EVERY_MS);
  }
}

/** Whose embedded database it is, where another process has it open. It has its schema, and no migrator here sees it. */
async function askHolder(url: string): Promise<OpenedEngine | undefined> {
  const location = /^pglite:(.+)$/.exec(url.trim())?.[1];
  if (location === undefined) return undefined;
  const answered = await (await import('./postgres/open-pglite.ts')).askHolder(location);
  return answered && { ...answered, target: undefined as never };
}

/** Drivers are large: each is only loaded where it is wanted. */
async function open(written: string, options: OpenOptions): Promise<OpenedEngine> {
  const url = written.trim();
  const location = /^pglite:(.+)$/.exec(url)?.[1];
  if (location !== undefined) return (await import('./postgres/open-pglite.ts')).openPglite(location, options);
  if (isPostgresUrl(url)) return (await import('./postgres/open-postgres-server.ts')).openServer(url, options);
  if (isMssqlUrl(url)) return (await import('./mssql/open-mssql.ts')).openMssql(url, options);
  throw new UsageError(
    'DATABASE_URL',
    `${formOf(url)} names no database that cardgenius knows. Use pglite:PATH, pglite:memory, mssql://… or postgres://….`,
  );
}

/** Other programs' addresses, by name; of anything else nothing is quoted, because it may be a password. */
function formOf(url: string): string {
  const scheme = /^(?:jdbc:)?[a-z]+(?=:)/i.exec(url)?.[0].toLowerCase() ?? '';
  return FOREIGN.includes(scheme) ? `"${scheme}:"` : 'The address';
}

const FOREIGN = ['mysql', 'mariadb', 'sqlite', 'sqlserver', 'jdbc:sqlserver', 'file', 'http', 'https', 'oracle'];

/** `postgres://…` or `postgresql://…`. */
const isPostgresUrl = (url: string): boolean => /^postgres(?:ql)?:\/\//i.test(url);

/** `mssql://…`, or the ADO form `Server=…;Database=…`, in any order. */
function isMssqlUrl(url: string): boolean {
  return /^mssql:/i.test(url) || /^[\w\s]+=/.test(url);
}

/** Where an address leads, for people: what was read from it and never its text, so that no spelling shows a secret. */
export async function describeDatabase(url: string): Promise<string> {
  const address = url.trim();
  if (/^pglite:/.test(address)) return address;
  if (isPostgresUrl(address)) return describeServer(address);
  if (!isMssqlUrl(address)) return '*** (not an address that cardgenius knows)';
  const { describeConnection, parseConnection } = await import('./mssql/connection-settings.ts');
  try {
    const settings = parseConnection(address);
    const { user, domain, authentication, encrypt, trustServerCertificate } = settings;
    const login = user === undefined ? '' : ` as ${domain === undefined ? '' : `${domain}\\`}${user}`;
    const how = authentication === 'default' ? '' : `, ${authentication}`;
    return `${describeConnection(settings)}${login}${how}, encrypt=${encrypt}, trustServerCertificate=${trustServerCertificate}`;
  } catch {
    return '*** (cannot be read: cardgenius doctor says why)';
  }
}

async function describeServer(address: string): Promise<string> {
  const { parseAddress } = await import('./postgres/server-address.ts');
  try {
    const { description, config, wire } = parseAddress(address);
    const login = config.user ? ` as ${config.user}` : '';
    return `${description}${login}, encrypted=${wire.encrypted}, verified=${wire.verified}`;
  } catch {
    return '*** (cannot be read: cardgenius doctor says why)';
  }
}
