import sql from 'mssql';
import { messageOf, UsageError } from '../../model/errors.ts';

/** Where a SQL Server is and as whom to log in: what both pools have in common. */
export interface ConnectionSettings {
  readonly server: string;
  readonly port: number | undefined;
  readonly instanceName: string | undefined;
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly domain: string | undefined;
  readonly encrypt: boolean | 'strict';
  readonly trustServerCertificate: boolean;
  /** As tedious names it: `default`, `ntlm` or one of `azure-active-directory-…`. */
  readonly authentication: string;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly tenantId: string | undefined;
  readonly token: string | undefined;
}

const AUTHENTICATIONS = [
  'default',
  'ntlm',
  'azure-active-directory-default',
  'azure-active-directory-password',
  'azure-active-directory-access-token',
  'azure-active-directory-msi-vm',
  'azure-active-directory-msi-app-service',
  'azure-active-directory-service-principal-secret',
];
const URL_OPTIONS = [
  'encrypt',
  'trustServerCertificate',
  'authentication',
  'domain',
  'instanceName',
  'clientId',
  'clientSecret',
  'tenantId',
  'token',
];
const EXAMPLE = 'mssql://user@host:1433/database or Server=host,1433;Database=database;User Id=user';

/**
 * Reads a connection from its URL or its ADO form. Encryption is on and the certificate is checked unless it says otherwise.
 * `password`, from the environment or a file, goes before one in the text. Throws UsageError; never quotes a password.
 */
export function parseConnection(url: string, password?: string): ConnectionSettings {
  const settings = /^mssql:/i.test(url) ? parseUrl(url) : parseAdo(url);
  if (settings.server === '') throw wrong('it names no server');
  if (settings.database === '') throw wrong('it names no database');
  return { ...settings, password: password ?? settings.password };
}

/** Who and where, for logs and messages: never a secret. */
export function describeConnection({ server, port, instanceName, database }: ConnectionSettings): string {
  const place = instanceName === undefined ? `:${port ?? 1433}` : `\\${instanceName}`;
  return `mssql://${server}${place}/${database}`;
}

function parseUrl(text: string): ConnectionSettings {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('it is not a URL; characters like @ : / # in a user or password are written as %40 %3A %2F %23');
  }
  for (const name of url.searchParams.keys()) {
    if (!URL_OPTIONS.includes(name)) throw wrong(`it has no option "${name}", only ${URL_OPTIONS.join(', ')}`);
  }
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const text_ = (value: string): string | undefined => (value === '' ? undefined : decodeURIComponent(value));
  const authentication = option('authentication') ?? (option('domain') === undefined ? 'default' : 'ntlm');
  if (!AUTHENTICATIONS.includes(authentication)) {
    throw wrong(`authentication must be one of ${AUTHENTICATIONS.join(', ')}`);
  }
  return {
    server: decodeURIComponent(url.hostname),
    port: url.port === '' ? undefined : Number(url.port),
    instanceName: option('instanceName'),
    database: decodeURIComponent(url.pathname.replace(/^\//, '')),
    user: text_(url.username),
    password: text_(url.password),
    domain: option('domain'),
    encrypt: option('encrypt') === 'strict' ? 'strict' : flag('encrypt', option('encrypt'), true),
    trustServerCertificate: flag('trustServerCertificate', option('trustServerCertificate'), false),
    authentication,
    clientId: option('clientId'),
    clientSecret: option('clientSecret'),
    tenantId: option('tenantId'),
    token: option('token'),
  };
}

function flag(name: string, value: string | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (value !== 'true' && value !== 'false') throw wrong(`${name} must be true or false`);
  return value === 'true';
}

/** What mssql makes of an ADO connection string; its types leave the parser out. */
interface ParsedAdo {
  readonly server?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly domain?: string;
  readonly authentication_type?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tenantId?: string;
  readonly token?: string;
  readonly options?: {
    readonly encrypt?: boolean | 'strict';
    readonly trustServerCertificate?: boolean;
    readonly instanceName?: string;
  };
}

function parseAdo(text: string): ConnectionSettings {
  let parsed: ParsedAdo;
  try {
    const parse = (sql.ConnectionPool as unknown as { parseConnectionString(text: string): ParsedAdo })
      .parseConnectionString;
    parsed = parse.call(sql.ConnectionPool, text);
  } catch (error) {
    throw wrong(messageOf(error));
  }
  return {
    server: parsed.server ?? '',
    port: parsed.port,
    instanceName: parsed.options?.instanceName,
    database: parsed.database ?? '',
    user: parsed.user,
    password: parsed.password,
    domain: parsed.domain,
    encrypt: /(^|;)\s*encrypt\s*=/i.test(text) ? (parsed.options?.encrypt ?? true) : true,
    trustServerCertificate: parsed.options?.trustServerCertificate ?? false,
    authentication: parsed.authentication_type ?? (parsed.domain === undefined ? 'default' : 'ntlm'),
    clientId: parsed.clientId,
    clientSecret: parsed.clientSecret,
    tenantId: parsed.tenantId,
    token: parsed.token,
  };
}

function wrong(what: string): UsageError {
  return new UsageError('DATABASE_URL', `The database URL is wrong: ${what}. It looks like ${EXAMPLE}.`);
}
