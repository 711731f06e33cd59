import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { asciiHost } from '../../src/cli/this-process.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { UNSUPPORTED } from '../../src/database/mssql/ado-options.ts';
import {
  type ConnectionSettings,
  describeConnection,
  parseConnection,
} from '../../src/database/mssql/connection-settings.ts';
import { driverConfig } from '../../src/database/mssql/driver-config.ts';
import { describeDatabase, openDatabase } from '../../src/database/open-database.ts';
import { UsageError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';

const PASSWORD = 'S3cret!';
const ADO = 'Server=host;Database=db;User Id=app';

const PLAIN: ConnectionSettings = {
  server: 'host',
  port: undefined,
  instanceName: undefined,
  database: 'db',
  user: 'app',
  password: undefined,
  domain: undefined,
  encrypt: true,
  trustServerCertificate: false,
  hostNameInCertificate: undefined,
  multiSubnetFailover: false,
  applicationIntent: 'readWrite',
  connectTimeoutSeconds: undefined,
  authentication: 'default',
  clientId: undefined,
  clientSecret: undefined,
  tenantId: undefined,
  token: undefined,
};

/** What a text says beyond PLAIN. */
const RIGHT: Readonly<Record<string, [text: string, differs: Partial<ConnectionSettings>]>> = {
  'a URL: encrypted, the certificate checked': ['mssql://app@host/db', {}],
  'a URL with a port': ['mssql://app@host:1444/db', { port: 1444 }],
  'a URL in capitals': ['MSSQL://app@host/db', {}],
  'a URL with both flags': [
    'mssql://app@host/db?encrypt=false&trustServerCertificate=true',
    { encrypt: false, trustServerCertificate: true },
  ],
  'a URL that encrypts strictly': ['mssql://app@host/db?encrypt=strict', { encrypt: 'strict' }],
  'a URL with percent-encoded parts': [
    'mssql://a%40b:p%40%3A%2F%3F%23%25w%20d@host/my%20db',
    { user: 'a@b', password: 'p@:/?#%w d', database: 'my db' },
  ],
  'a URL with a bare @ in the password': ['mssql://app:p@w@host/db', { password: 'p@w' }],
  'a URL with a named instance': ['mssql://app@host/db?instanceName=SQL1', { instanceName: 'SQL1' }],
  'a URL with an IPv6 address': ['mssql://app@[::1]:1444/db', { server: '::1', port: 1444 }],
  'a URL with a domain': ['mssql://app@host/db?domain=CORP', { domain: 'CORP', authentication: 'ntlm' }],
  'a URL with an Azure service principal': [
    'mssql://host/db?authentication=azure-active-directory-service-principal-secret&clientId=c&clientSecret=s&tenantId=t',
    {
      user: undefined,
      authentication: 'azure-active-directory-service-principal-secret',
      clientId: 'c',
      clientSecret: 's',
      tenantId: 't',
    },
  ],
  'a URL with an Azure token': [
    'mssql://host/db?authentication=azure-active-directory-access-token&token=abc',
    { user: undefined, authentication: 'azure-active-directory-access-token', token: 'abc' },
  ],
  'ADO: encrypted, the certificate checked': [ADO, { port: 1433 }],
  'ADO as the Azure portal writes it': [
    'Server=tcp:host,1444;Initial Catalog=db;Persist Security Info=False;User ID=app;Password=S3cret!;' +
      'MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=30;',
    { port: 1444, password: PASSWORD, connectTimeoutSeconds: 30 },
  ],
  'ADO with both flags': [
    `${ADO};Encrypt=false;TrustServerCertificate=true`,
    { port: 1433, encrypt: false, trustServerCertificate: true },
  ],
  'ADO with flags in other words': [
    `${ADO}; encrypt = Optional; Trust Server Certificate = Yes`,
    { port: 1433, encrypt: false, trustServerCertificate: true },
  ],
  'ADO that encrypts strictly': [`${ADO};Encrypt=Strict`, { port: 1433, encrypt: 'strict' }],
  'ADO with a quoted password': [`${ADO};Password="a;b='c'"`, { port: 1433, password: "a;b='c'" }],
  'ADO with a password that looks like options': [
    `${ADO};Password="x;Encrypt=false;TrustServerCertificate=true"`,
    { port: 1433, password: 'x;Encrypt=false;TrustServerCertificate=true' },
  ],
  'ADO with a named instance': ['Server=host\\SQL1;Database=db;User Id=app', { port: undefined, instanceName: 'SQL1' }],
  'ADO with a domain': [
    'Server=host;Database=db;User Id=CORP\\app',
    { port: 1433, domain: 'CORP', authentication: 'ntlm' },
  ],
  'ADO with an Azure password': [
    `${ADO};Authentication=Active Directory Password`,
    { port: 1433, authentication: 'azure-active-directory-password' },
  ],
  'ADO with Azure’s default': [
    `${ADO};Authentication="Active Directory Default"`,
    { port: 1433, authentication: 'azure-active-directory-default' },
  ],
  'ADO with an Azure service principal': [
    'Server=host;Database=db;User Id=app;Password=S3cret!;Authentication=Active Directory Service Principal',
    {
      port: 1433,
      password: PASSWORD,
      authentication: 'azure-active-directory-service-principal-secret',
      clientId: 'app',
      clientSecret: PASSWORD,
    },
  ],
  'ADO that begins with another key than the server': [
    'User ID=app;Password=S3cret!;Initial Catalog=db;Data Source=host',
    { port: 1433, password: PASSWORD },
  ],
  'ADO with an instance and a port: the port is enough': [
    'Server=tcp:host\\PROD,14330;Database=db;User Id=app',
    { port: 14_330 },
  ],
  'a URL with an instance and a port: the port is enough': [
    'mssql://app@host:1444/db?instanceName=SQL1',
    { port: 1444 },
  ],
  'ADO with a listener of two subnets': [
    `${ADO};MultiSubnetFailover=Yes;ApplicationIntent=ReadOnly;HostNameInCertificate=sql.corp;Connect Timeout=60`,
    {
      port: 1433,
      multiSubnetFailover: true,
      applicationIntent: 'readOnly',
      hostNameInCertificate: 'sql.corp',
      connectTimeoutSeconds: 60,
    },
  ],
  'a URL with a listener of two subnets': [
    'mssql://app@host/db?multiSubnetFailover=true&applicationIntent=ReadWrite&hostNameInCertificate=sql.corp&connectTimeout=1',
    { multiSubnetFailover: true, hostNameInCertificate: 'sql.corp', connectTimeoutSeconds: 1 },
  ],
  'ADO with a password in braces': [`${ADO};Password={a;b}}c}`, { port: 1433, password: 'a;b}c' }],
  'ADO that says what happens anyway': [
    `${ADO};Integrated Security=False;Pooling=True;Network Library=dbmssocn;Type System Version=Latest`,
    { port: 1433 },
  ],
  'ADO with the local host': ['Server=(local);Database=db;User Id=app', { server: 'localhost', port: 1433 }],
};
for (const [title, [text, differs]] of Object.entries(RIGHT)) {
  test(title, t => t.deepEqual(parseConnection(text), { ...PLAIN, ...differs }));
}

const WRONG: Readonly<Record<string, [text: string, message: RegExp]>> = {
  'a URL with an unknown option': [
    'mssql://host/db?encrpyt=true',
    /an unknown option \(did you mean encrypt\?\); the options are encrypt, /,
  ],
  'a URL without a database': ['mssql://app@host', /names no database/],
  'a URL without a server': ['mssql:///db', /names no server/],
  'a URL with a bad flag': ['mssql://host/db?encrypt=1', /encrypt must be true or false/],
  'a URL with an unknown authentication': [
    'mssql://host/db?authentication=kerberos',
    /authentication must be one of default, ntlm, /,
  ],
  'a URL with a bad port': ['mssql://host:99999/db', /is not a URL/],
  'a URL with a lone percent sign': ['mssql://app:100%@host/db', /two hex digits.* % as %25/],
  'a URL with more than a database': ['mssql://host/db/more', /after the database comes nothing/],
  'ADO without a database': ['Server=host;User Id=app', /names no database/],
  'ADO without a server': ['Database=db;User Id=app', /names no server/],
  'ADO with a bad flag': [`${ADO};Encrypt=maybe`, /encrypt must be true or false/i],
  'ADO with a bad word about the certificate': [
    `${ADO};TrustServerCertificate=perhaps`,
    /trustServerCertificate must be true or false/,
  ],
  'ADO with an unknown authentication': [
    `${ADO};Authentication=Kerberos`,
    /Authentication must be one of sql password, /,
  ],
  'ADO with a bad port': ['Server=host,abc;Database=db', /port is not a number/],
  'ADO with an open quote': [`${ADO};Password="abc`, /The database URL is wrong: /],
  'neither form': ['host/db', /field 1 of it is no NAME=VALUE/],
  'ADO with Windows’ own login': [
    `${ADO};Integrated Security=SSPI`,
    /Integrated Security is not supported: .*CORP\\name/,
  ],
  'ADO with Windows’ own login by its other name': [
    `${ADO};Trusted_Connection=Yes`,
    /Trusted_Connection is not supported/,
  ],
  'ADO with mirroring': [
    `${ADO};Failover Partner=other`,
    /Failover Partner is not supported: .*MultiSubnetFailover=True/,
  ],
  'ADO with a misspelled name': [
    `${ADO};Encrpyt=True`,
    /field 4 of it has no name that is known \(did you mean encrypt\?\)/,
  ],
  'ADO with a ; in a bare password': [`${ADO};PWD=p@ss;w0rd`, /field 5 of it is no NAME=VALUE; .*in quotes/],
  'ADO with a ; and a = in a bare password': [
    `${ADO};PWD=p@ss;w0=rd;Encrypt=True`,
    /field 5 of it has no name that is known/,
  ],
  'ADO with a colon before the port': ['Server=host:1444;Database=db', /Server=host,1433/],
  'ADO with a named pipe': ['Server=np:host;Database=db', /by TCP only/],
  'ADO with LocalDB': ['Server=(localdb)\\MSSQLLocalDB;Database=db', /LocalDB listens on no port/],
  'ADO with a time-out out of range': [`${ADO};Connect Timeout=0`, /whole seconds from 1 to 600/],
  'a URL with an unknown intent': ['mssql://host/db?applicationIntent=maybe', /ReadWrite or ReadOnly/],
};
for (const [title, [text, message]] of Object.entries(WRONG)) {
  test(`wrong: ${title}`, t => {
    const error = t.throws(() => parseConnection(text), { instanceOf: UsageError, code: 'DATABASE_URL', message });
    t.regex(error?.message ?? '', /It looks like mssql:\/\/user@host:1433\/database or Server=host,1433;/);
  });
}

test('the password from the environment goes before one in the text', t => {
  for (const text of ['mssql://app:old@host/db', 'mssql://app@host/db', `${ADO};Password=old`, ADO]) {
    t.is(parseConnection(text, PASSWORD).password, PASSWORD, text);
  }
});

test('a description says where, and shows no secret', t => {
  const described = (text: string) => describeConnection(parseConnection(text, PASSWORD));
  t.is(described('mssql://app:other@host/db'), 'mssql://host:1433/db');
  t.is(described('mssql://app@host:1444/db?token=S3cret!'), 'mssql://host:1444/db');
  t.is(described('mssql://app@[::1]/db'), 'mssql://[::1]:1433/db');
  t.is(described('Server=host\\SQL1;Database=db;User Id=app'), 'mssql://host\\SQL1/db');
});

test('what a Secret holds comes out by reveal alone', t => {
  const secret = new Secret(PASSWORD);
  t.is(secret.reveal(), PASSWORD);
  for (const shown of [`${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] })]) {
    t.false(shown.includes(PASSWORD), shown);
  }
});

/** Ways to write a password in a URL; those with a bare / ? # or % break it in two. */
const MALFORMED = [
  (secret: string) => `mssql://app:${secret}@host`,
  (secret: string) => `mssql://app:${secret}@`,
  (secret: string) => `mssql://app:${secret}@ho st/db`,
  (secret: string) => `mssql://app:${secret}@host:port/db`,
  (secret: string) => `mssql://app:${secret}@host/db?encrypt=${secret}`,
  (secret: string) => `mssql://app:${secret}@host/db?trustServerCertificate=${secret}`,
  (secret: string) => `mssql://app:${secret}@host/db?authentication=${secret}`,
  (secret: string) => `mssql://app@host/db?password=${secret}`,
  (secret: string) => `mssql://app@host/db?${secret}`,
  (secret: string) => `mssql:/app:${secret}@host/db`,
  (secret: string) => `mssql:app:${secret}@host/db`,
  (secret: string) => `Server=host;User Id=app;Password=${secret}`,
  (secret: string) => `Database=db;User Id=app;Password=${secret}`,
  (secret: string) => `${ADO};Password=${secret};Encrypt=${secret}`,
  (secret: string) => `${ADO};Password=${secret};TrustServerCertificate=${secret}`,
  (secret: string) => `${ADO};Authentication=${secret}`,
  (secret: string) => `${ADO};Password="${secret}`,
  (secret: string) => `${ADO};Password='${secret}'x`,
  (secret: string) => `${ADO};Password={${secret}}x`,
  (secret: string) => `Server=host,abc;Database=db;Password=${secret}`,
  (secret: string) => secret,
];

test('no message about a malformed URL holds its password', t => {
  const edges = fc.string({ unit: fc.constantFrom(...'1@:/?#%&=; "\'{}\\'), maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...MALFORMED), edges, edges, (write, before, after) => {
      const text = write(`${before}${PASSWORD}${after}`);
      try {
        return !describeConnection(parseConnection(text)).includes('S3cret');
      } catch (error) {
        const shown = inspect(error, { depth: 5 }).replace(/\n {4}at .*/g, '');
        return error instanceof UsageError && !shown.includes('S3cret');
      }
    }),
    { numRuns: 3_000 },
  );
  t.pass();
});

for (const [name, { name: written, passes }] of Object.entries(UNSUPPORTED)) {
  test(`ADO’s ${written} is refused by its name, or says what happens anyway`, t => {
    const message = new RegExp(`${written} is not supported: `);
    t.throws(() => parseConnection(`${ADO};${written}=x-y-z`), { code: 'DATABASE_URL', message });
    t.true(name === written.replace(/[\s_]/g, '').toLowerCase(), written);
    t.false(passes?.test('x-y-z') ?? false);
  });
}

test('a host outside Latin-1 keeps a name of its own in a VARCHAR', t => {
  t.is(asciiHost('BATCH-1.corp'), 'BATCH-1.corp');
  for (const host of ['сервер-1', 'サーバー', 'BÜRO-PC', 'a b\u0000ä'])
    t.regex(asciiHost(host), /^[\x21-\x7e]+$/, host);
  t.not(asciiHost('сервер-1'), asciiHost('сервис-1'));
});

/** Spellings that are accepted or refused, with a secret in each place that holds one. */
const SPELLINGS: readonly ((secret: string) => string)[] = [
  secret => `mssql://user:${encodeURIComponent(secret)}@127.0.0.1:1/db`,
  secret => `mssql://user@corp.com:${encodeURIComponent(secret)}@127.0.0.1:1/db`,
  secret => `mssql://app:${secret}@127.0.0.1:1/db`,
  secret => `mssql://app@127.0.0.1:1/db?authentication=azure-active-directory-access-token&%74oken=${secret}`,
  secret => `mssql://app@127.0.0.1:1/db?domain=D&clientSecret=${secret}`,
  secret => `MSSQL://app@127.0.0.1:1/db?encrypt=false&password=${secret}`,
  ...['Password', 'PWD', 'pass word', 'Client Secret', 'ClientSecret', 'Token', 'Passwort'].flatMap(name =>
    [
      (secret: string) => secret,
      (secret: string) => `"a;${secret.replaceAll('"', '""')}"`,
      (secret: string) => `'a;${secret.replaceAll("'", "''")}'`,
      (secret: string) => `{a;${secret.replaceAll('}', '}}')}}`,
      (secret: string) => `a;${secret}`,
      (secret: string) => `a;${secret}=b`,
      (secret: string) => `ab&${secret}`,
    ].flatMap(quote => [
      (secret: string) => `Server=127.0.0.1,1;Database=db;User Id=app;${name}=${quote(secret)}`,
      (secret: string) => `User ID=sa;${name} = ${quote(secret)};Initial Catalog=db;Data Source=127.0.0.1,1`,
    ]),
  ),
  secret => `postgres://app:${secret}@127.0.0.1:1/db`,
  secret => `${secret}:rest`,
  secret => `jdbc:sqlserver://127.0.0.1:1;password=${secret}`,
];

test('no spelling of an address shows its secret, in what describes it or in the error of opening it', async t => {
  const edges = fc.string({ unit: fc.constantFrom(...'1@:/?#%&=; "\'{}\\'), maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SPELLINGS), edges, async (write, edge) => {
      const text = write(`${edge}Marker7Xq${edge}`);
      const described = await describeDatabase(text);
      t.false(described.includes('Marker7Xq'), `${text}: ${described}`);
    }),
    { numRuns: 3_000 },
  );
  for (const write of SPELLINGS) {
    const error = await t.throwsAsync(openDatabase(write('Marker7Xq')));
    const shown = inspect(error, { depth: 8 }).replace(/\n {4}at .*/g, '');
    t.false(shown.includes('Marker7Xq'), shown);
  }
});

test('sqlServer.minConnections is what each pool keeps open: none by default, and never more than the pool is large', async t => {
  const pool = { size: 4, timeoutSeconds: 15, appName: 'cardgenius' };
  const least = (more: object) => driverConfig(PLAIN, { ...pool, ...more }).pool;
  t.like(least({}), { min: 0, max: 4 });
  t.like(least({ least: 3 }), { min: 3, max: 4 });
  t.like(least({ least: 30 }), { min: 4, max: 4 });
  const { sqlServer } = await loadSettings({
    env: { CARDGENIUS_SQL_SERVER_MIN_CONNECTIONS: '3' },
    cwd: import.meta.dirname,
  });
  t.is(sqlServer.minConnections, 3);
});

test('the time a connection may take is 15 s, or what the connection string says, or what the setting says above both', t => {
  const pool = { size: 4, timeoutSeconds: 20, appName: 'cardgenius' };
  const timeout = (settings: Partial<ConnectionSettings>, connectTimeoutMs?: number) =>
    driverConfig({ ...PLAIN, ...settings }, { ...pool, connectTimeoutMs }).connectionTimeout;
  t.is(timeout({}), 15_000);
  t.is(timeout({ connectTimeoutSeconds: 60 }), 60_000);
  t.is(timeout({ connectTimeoutSeconds: 60 }, 30_000), 30_000);
  t.is(driverConfig(PLAIN, pool).requestTimeout, 20_000, 'a request has a time-out of its own');
});

test('a field in the form of another program is refused, and its password is not shown', async t => {
  for (const text of [
    `mssql://host;user=app;password=${PASSWORD}/db`,
    `mssql://host/db;user=app;password=${PASSWORD}`,
    `mssql://host/db&password=${PASSWORD}`,
    `Server=host;Database=db;User Id=app,Password=${PASSWORD}`,
    `Server=host Password=${PASSWORD};Database=db`,
    `Server=host;Database=db Pwd = ${PASSWORD}`,
  ]) {
    const error = t.throws(() => parseConnection(text), { code: 'DATABASE_URL' }, text);
    t.false(error.message.includes(PASSWORD), error.message);
    t.false((await describeDatabase(text)).includes(PASSWORD), text);
  }
});
