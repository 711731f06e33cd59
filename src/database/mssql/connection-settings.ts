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
const ESCAPES = 'characters like @ : / ? # in a user or password are written as %40 %3A %2F %3F %23';
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
  return `mssql://${server.includes(':') ? `[${server}]` : server}${place}/${database}`;
}

function parseUrl(text: string): ConnectionSettings {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong(`it is not a URL; ${ESCAPES}`);
  }
  for (const name of url.searchParams.keys()) {
    // What does not look like a name may be the rest of a password with a ? in it.
    const named = /^[a-z]{1,30}$/i.test(name) ? `option "${name}"` : 'option of that name';
    if (!URL_OPTIONS.includes(name)) throw wrong(`it has no ${named}, only ${URL_OPTIONS.join(', ')}; ${ESCAPES}`);
  }
  // Only a password with a / or a # in it makes these: taken as the database it would be shown.
  if (url.hash !== '' || /^\/[^/@]*[/@]/.test(url.pathname))
    throw wrong(`after the database comes nothing; ${ESCAPES}`);
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const text_ = (value: string): string | undefined => (value === '' ? undefined : decode(value));
  const authentication = option('authentication') ?? (option('domain') === undefined ? 'default' : 'ntlm');
  if (!AUTHENTICATIONS.includes(authentication)) {
    throw wrong(`authentication must be one of ${AUTHENTICATIONS.join(', ')}`);
  }
  return {
    server: decode(url.hostname).replace(/^\[(.*)\]$/, '$1'), // a socket takes an IPv6 address without its brackets
    port: url.port === '' ? undefined : Number(url.port),
    instanceName: option('instanceName'),
    database: decode(url.pathname.replace(/^\//, '')),
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`a % stands before no two hex digits; ${ESCAPES}, and % as %25`);
  }
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
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tenantId?: string;
  readonly token?: string;
  readonly options?: { readonly instanceName?: string };
}

/** How an ADO connection string names them, in lower case. */
const ADO_AUTHENTICATIONS: Readonly<Record<string, string>> = {
  'sql password': 'default',
  ntlm: 'ntlm',
  'active directory password': 'azure-active-directory-password',
  'active directory default': 'azure-active-directory-default',
};
const ADO_FLAGS: Readonly<Record<string, string>> = { yes: 'true', no: 'false', mandatory: 'true', optional: 'false' };

function parseAdo(text: string): ConnectionSettings {
  let parsed: ParsedAdo;
  try {
    const parse = (sql.ConnectionPool as unknown as { parseConnectionString(text: string): ParsedAdo })
      .parseConnectionString;
    parsed = parse.call(sql.ConnectionPool, text);
  } catch (error) {
    throw wrong(messageOf(error));
  }
  // mssql takes any text for a flag as true, also for the one that leaves the certificate unchecked, and an authentication
  // that it does not know as a login: these are read here.
  const fields = adoFields(text);
  const encrypt = fields.get('encrypt')?.toLowerCase();
  const trust = fields.get('trustservercertificate')?.toLowerCase();
  const authentication = fields.get('authentication')?.toLowerCase();
  const port = parsed.port ?? 1433;
  if (!(port > 0 && port < 65_536)) throw wrong('its port is not a number from 1 to 65535');
  return {
    server: parsed.server ?? '',
    port: parsed.options?.instanceName === undefined ? port : undefined,
    instanceName: parsed.options?.instanceName,
    database: parsed.database ?? '',
    user: parsed.user,
    password: parsed.password,
    domain: parsed.domain,
    encrypt: encrypt === 'strict' ? 'strict' : flag('Encrypt', ADO_FLAGS[encrypt ?? ''] ?? encrypt, true),
    trustServerCertificate: flag('TrustServerCertificate', ADO_FLAGS[trust ?? ''] ?? trust, false),
    authentication: adoAuthentication(authentication, parsed),
    clientId: parsed.clientId,
    clientSecret: parsed.clientSecret,
    tenantId: parsed.tenantId,
    token: parsed.token,
  };
}

function adoAuthentication(name: string | undefined, { domain, token, clientSecret }: ParsedAdo): string {
  if (name === undefined) return domain === undefined ? 'default' : 'ntlm';
  if (name === 'active directory integrated') {
    if (token !== undefined) return 'azure-active-directory-access-token';
    return `azure-active-directory-${clientSecret === undefined ? 'default' : 'service-principal-secret'}`;
  }
  const known = ADO_AUTHENTICATIONS[name];
  const names = [...Object.keys(ADO_AUTHENTICATIONS), 'active directory integrated'].join(', ');
  if (known === undefined) throw wrong(`Authentication must be one of ${names}`);
  return known;
}

/** The fields of an ADO connection string by their names in lower case and without blanks; a value may stand in quotes. */
function adoFields(text: string): Map<string, string> {
  const field = /([^=;]+)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^;]*)/g;
  return new Map(
    [...text.matchAll(field)].map(([, name, value]) => [
      name!.replace(/\s/g, '').toLowerCase(),
      value!.trim().replace(/^["'{](.*)["'}]$/s, '$1'),
    ]),
  );
}

function wrong(what: string): UsageError {
  return new UsageError('DATABASE_URL', `The database URL is wrong: ${what}. It looks like ${EXAMPLE}.`);
}
