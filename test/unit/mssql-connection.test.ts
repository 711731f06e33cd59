import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {
  type ConnectionSettings,
  describeConnection,
  parseConnection,
} from '../../src/database/mssql/connection-settings.ts';
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
    { port: 1444, password: PASSWORD },
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
};
for (const [title, [text, differs]] of Object.entries(RIGHT)) {
  test(title, t => t.deepEqual(parseConnection(text), { ...PLAIN, ...differs }));
}

const WRONG: Readonly<Record<string, [text: string, message: RegExp]>> = {
  'a URL with an unknown option': ['mssql://host/db?encrpyt=true', /no option "encrpyt", only encrypt, /],
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
  'ADO with a bad flag': [`${ADO};Encrypt=maybe`, /Encrypt must be true or false/],
  'ADO with a bad word about the certificate': [
    `${ADO};TrustServerCertificate=perhaps`,
    /TrustServerCertificate must be true or false/,
  ],
  'ADO with an unknown authentication': [
    `${ADO};Authentication=Kerberos`,
    /Authentication must be one of sql password, /,
  ],
  'ADO with a bad port': ['Server=host,abc;Database=db', /port is not a number/],
  'ADO with an open quote': [`${ADO};Password="abc`, /The database URL is wrong: /],
  'neither form': ['host/db', /names no server/],
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
