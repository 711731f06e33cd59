import type pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { UsageError } from '../../model/errors.ts';
import { isLoopback } from '../../model/loopback.ts';
import type { Wire } from '../driver.ts';

/** The address of a PostgreSQL server, and the login. */
export interface ServerAddress {
  readonly config: pg.ClientConfig;
  /** For logs and messages: never a secret. */
  readonly description: string;
  readonly wire: Wire;
}

/** What libpq's URL may say here; anything else would be ignored in silence. */
const OPTIONS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'];

/** A `/`, `\\`, `?` or `#` in a password that is not encoded ends the host there: the rest, password included, would be read as a database. */
function isTorn(url: string): boolean {
  const [, rest = ''] = /^[a-z]+:\/\/[^/\\?#]*(.*)$/is.exec(url) ?? [];
  return rest.includes('@') || rest.includes('\\') || rest.replace(/[?#].*$/s, '').lastIndexOf('/') > 0;
}

/**
 * Reads an address. What it leaves out comes from libpq's environment (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE).
 * `password`, from our own environment or a file, goes before one in the text. Throws UsageError; never quotes a password.
 */
export function parseAddress(url: string, password?: string, databaseName?: string): ServerAddress {
  let parsed: URL;
  let config: pg.ClientConfig;
  try {
    parsed = new URL(url);
    if (isTorn(url)) throw new TypeError('the password is not encoded');
    // The ;password= of another program's form would be shown as a part of a name.
    if (/[;=]/.test(parsed.hostname + parsed.pathname)) throw new TypeError('a name holds an option');
    for (const name of parsed.searchParams.keys()) {
      if (!OPTIONS.includes(name))
        throw new UsageError('DATABASE_URL', `The database URL is wrong: its only options are ${OPTIONS.join(', ')}.`);
    }
    config = parseIntoClientConfig(url);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      'DATABASE_URL',
      'The database URL is wrong: it is not a URL. It looks like postgres://user@host:5432/database?sslmode=verify-full; characters like ' +
        '@ : / ? # in a user or password are written as %40 %3A %2F %3F %23.',
    );
  }
  const host = config.host || process.env.PGHOST || 'localhost';
  const port = Number(config.port ?? process.env.PGPORT ?? 5432);
  const database = databaseName ?? (config.database || process.env.PGDATABASE);
  if (database === undefined || database === '')
    throw new UsageError('DATABASE_URL', 'The database URL names no database.');
  const given = password ?? config.password;
  const { ssl } = config;
  const encrypted = ssl !== undefined && ssl !== false;
  const verified = encrypted && (ssl === true || ssl.rejectUnauthorized !== false);
  return {
    config: { ...config, host, port, database, ...(given === undefined ? {} : { password: given }) },
    description: `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
    wire: { encrypted, verified, ...(isLoopback(host) || host.startsWith('/') ? { isLocal: true } : {}) }, // a folder: its Unix socket
  };
}
