import { distance } from '../../model/distance.ts';
import { UsageError } from '../../model/errors.ts';
import { adoFields, SUPPORTED, UNSUPPORTED } from './ado-options.ts';

/** The address of a SQL Server and the login: what both pools have in common. */
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
  /** The name that the certificate must have, where it is not the server's. */
  readonly hostNameInCertificate: string | undefined;
  /** Tries all addresses of a listener at once. */
  readonly multiSubnetFailover: boolean;
  /** `readOnly` may be routed to a replica, which takes no write. */
  readonly applicationIntent: 'readWrite' | 'readOnly';
  readonly connectTimeoutSeconds: number | undefined;
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
  'hostNameInCertificate',
  'multiSubnetFailover',
  'applicationIntent',
  'connectTimeout',
  'authentication',
  'domain',
  'instanceName',
  'clientId',
  'clientSecret',
  'tenantId',
  'token',
];
const ESCAPES = 'characters like @ : / ? # in a user or password are written as %40 %3A %2F %3F %23';
const QUOTES = 'a value with a ; in it, as a password may be, stands in quotes: Password="a;b"';
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

/** Server and database, for logs and messages: never a secret. */
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
    // An unknown option may be the rest of a password with a ? in it: it is never quoted.
    if (URL_OPTIONS.includes(name)) continue;
    throw wrong(
      `it has an unknown option${nearestTo(name, URL_OPTIONS)}; the options are ${URL_OPTIONS.join(', ')}; ${ESCAPES}`,
    );
  }
  // Only a password with a / or a # in it, or the ;password= of another program's form, makes these: taken as a name it would be shown.
  if (url.hash !== '' || /^\/[^/@]*[/@]/.test(url.pathname) || /[;=]/.test(url.hostname + url.pathname))
    throw wrong(`after the database comes nothing; ${ESCAPES}`);
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const text_ = (value: string): string | undefined => (value === '' ? undefined : decode(value));
  const server = decode(url.hostname).replace(/^\[(.*)\]$/, '$1'); // a socket takes an IPv6 address without its brackets
  const port = url.port === '' ? undefined : Number(url.port);
  return {
    server,
    port,
    instanceName: port === undefined ? option('instanceName') : undefined, // as ADO.NET and JDBC do: the port is enough
    database: decode(url.pathname.replace(/^\//, '')),
    user: text_(url.username),
    password: text_(url.password),
    ...wireOf(option),
    ...identityOf(option, option('authentication') ?? (option('domain') === undefined ? 'default' : 'ntlm')),
  };
}

type Option = (name: string) => string | undefined;

/** What both forms say alike about the wire. */
function wireOf(option: Option) {
  const flagOf = (name: string, fallback: boolean): boolean => flag(name, option(name), fallback);
  const intent = option('applicationIntent')?.toLowerCase() ?? 'readwrite';
  if (intent !== 'readwrite' && intent !== 'readonly') throw wrong('applicationIntent must be ReadWrite or ReadOnly');
  const isReadOnly = intent === 'readonly';
  const seconds = option('connectTimeout');
  if (seconds !== undefined && !(/^\d{1,4}$/.test(seconds) && Number(seconds) >= 1 && Number(seconds) <= 600)) {
    throw wrong('the connect timeout must be whole seconds from 1 to 600');
  }
  return {
    encrypt: option('encrypt')?.toLowerCase() === 'strict' ? ('strict' as const) : flagOf('encrypt', true),
    trustServerCertificate: flagOf('trustServerCertificate', false),
    hostNameInCertificate: option('hostNameInCertificate'),
    multiSubnetFailover: flagOf('multiSubnetFailover', false),
    applicationIntent: isReadOnly ? ('readOnly' as const) : ('readWrite' as const),
    connectTimeoutSeconds: seconds === undefined ? undefined : Number(seconds),
  };
}

/** What both forms say alike about the login. */
function identityOf(option: Option, authentication: string) {
  if (!AUTHENTICATIONS.includes(authentication)) {
    throw wrong(`authentication must be one of ${AUTHENTICATIONS.join(', ')}`);
  }
  return {
    domain: option('domain'),
    authentication,
    clientId: option('clientId'),
    clientSecret: option('clientSecret'),
    tenantId: option('tenantId'),
    token: option('token'),
  };
}

/** The known name that was probably meant: that alone is said, and never what was written. */
function nearestTo(written: string, known: readonly string[]): string {
  const nearest = known.find(name => distance(name.toLowerCase(), written.toLowerCase()) <= 2);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
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

/** How an ADO connection string names them, in lower case. */
const ADO_AUTHENTICATIONS: Readonly<Record<string, string>> = {
  'sql password': 'default',
  ntlm: 'ntlm',
  'active directory password': 'azure-active-directory-password',
  'active directory default': 'azure-active-directory-default',
  'active directory service principal': 'azure-active-directory-service-principal-secret',
  'active directory managed identity': 'azure-active-directory-msi-vm',
  'active directory msi': 'azure-active-directory-msi-vm',
};
const ADO_FLAGS: Readonly<Record<string, string>> = { yes: 'true', no: 'false', mandatory: 'true', optional: 'false' };
const FLAGS = ['encrypt', 'trustServerCertificate', 'multiSubnetFailover'];

/** Values that messages name. */
const SHOWN = ['server', 'database', 'user', 'domain'];

function parseAdo(text: string): ConnectionSettings {
  const values = adoValues(text);
  const option: Option = name => {
    const value = values.get(name);
    if (value === undefined || !FLAGS.includes(name)) return value;
    return ADO_FLAGS[value.toLowerCase()] ?? value.toLowerCase();
  };
  const [, domain, user] = /^([^\\]+)\\(.+)$/s.exec(values.get('user') ?? '') ?? [
    undefined,
    undefined,
    values.get('user'),
  ];
  if (domain !== undefined) values.set('domain', domain);
  const authentication = adoAuthentication(option('authentication')?.toLowerCase(), option);
  const isPrincipal = authentication === 'azure-active-directory-service-principal-secret';
  const identity = identityOf(option, authentication);
  return {
    ...adoServer(values.get('server') ?? ''),
    database: values.get('database') ?? '',
    user,
    password: values.get('password'),
    ...wireOf(option),
    ...identity,
    // ADO.NET names a service principal as a user with a password.
    clientId: identity.clientId ?? (isPrincipal ? user : undefined),
    clientSecret: identity.clientSecret ?? (isPrincipal ? values.get('password') : undefined),
  };
}

/** What the fields of an ADO connection string say, by our own names. Throws UsageError for each that would be dropped. */
function adoValues(text: string): Map<string, string> {
  const cut = adoFields(text);
  if ('brokenAt' in cut) {
    throw wrong(`field ${cut.brokenAt} of it is no NAME=VALUE; ${QUOTES}`);
  }
  const values = new Map<string, string>();
  for (const { place, name, value } of cut.fields) {
    const known = SUPPORTED[name];
    const unsupported = UNSUPPORTED[name];
    if (known !== undefined) {
      // A field that is not parted from this one by a ; would be shown with it.
      if (SHOWN.includes(known) && /(password|pwd|secret|token)\s*=/i.test(value))
        throw wrong(`field ${place} of it holds another field: between fields stands a ;`);
      if (value !== '') values.set(known, value);
      else values.delete(known);
    } else if (unsupported !== undefined) {
      if (value === '' || unsupported.passes?.test(value) === true) continue;
      throw wrong(`${unsupported.name} is not supported: ${unsupported.instead}`);
    } else {
      const names = [...Object.keys(SUPPORTED), ...Object.keys(UNSUPPORTED)];
      throw wrong(`field ${place} of it has no name that is known${nearestTo(name, names)}; ${QUOTES}`);
    }
  }
  return values;
}

/** `host`, `tcp:host,1433`, `host\\INSTANCE`, `host\\INSTANCE,1433` (where the port is enough, as ADO.NET and JDBC have it). */
function adoServer(written: string): Pick<ConnectionSettings, 'server' | 'port' | 'instanceName'> {
  if (/^(np|lpc|admin):|^\\\\/i.test(written)) throw wrong('the server is reached by TCP only: tcp:host,1433');
  if (/^\(localdb\)/i.test(written)) throw wrong('LocalDB listens on no port; use a SQL Server that does');
  const [, host, instanceName, port] =
    /^(?:tcp:)?\s*([^\\,]*?)\s*(?:\\([^,]*?)\s*)?(?:,\s*(.*?)\s*)?$/is.exec(written) ?? [];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) < 65_536)) {
    throw wrong('its port is not a number from 1 to 65535');
  }
  if (/^[^:[\]]*:\d+$/.test(host ?? '')) throw wrong('a port comes after a comma here: Server=host,1433');
  const bracketless = (host ?? '').replace(/^\[(.*)\]$/, '$1');
  return {
    server: /^(\.|\(\.\)|\(local\))$/i.test(bracketless) ? 'localhost' : bracketless,
    port: port !== undefined ? Number(port) : instanceName ? undefined : 1433,
    instanceName: port === undefined && instanceName ? instanceName : undefined,
  };
}

function adoAuthentication(name: string | undefined, option: Option): string {
  if (name === undefined) return option('domain') === undefined ? 'default' : 'ntlm';
  if (name === 'active directory integrated') {
    if (option('token') !== undefined) return 'azure-active-directory-access-token';
    return `azure-active-directory-${option('clientSecret') === undefined ? 'default' : 'service-principal-secret'}`;
  }
  const known = ADO_AUTHENTICATIONS[name];
  const names = [...Object.keys(ADO_AUTHENTICATIONS), 'active directory integrated'].join(', ');
  if (known === undefined) throw wrong(`Authentication must be one of ${names}`);
  return known;
}

function wrong(what: string): UsageError {
  return new UsageError('DATABASE_URL', `The database URL is wrong: ${what}. It looks like ${EXAMPLE}.`);
}
