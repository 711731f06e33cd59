import test from 'ava';
import { describeDatabase } from '../../src/database/open-database.ts';
import { toConnectionError, toServerError } from '../../src/database/postgres/postgres-errors.ts';
import { parseAddress } from '../../src/database/postgres/server-address.ts';
import { DatabaseError } from '../../src/model/errors.ts';

const PASSWORD = 'S3cret!marker';
const ADDRESS = parseAddress(
  `postgres://app:${encodeURIComponent(PASSWORD)}@db.example:5433/cashkaro?sslmode=verify-full`,
);

test('an address: host, port, database and login, and a given password goes before one in the text', t => {
  t.is(ADDRESS.description, 'postgres://db.example:5433/cashkaro');
  t.is(ADDRESS.config.password, PASSWORD);
  t.is(parseAddress('postgresql://app:old@h/db', 'new').config.password, 'new');
  t.is(parseAddress('postgres://h/db', undefined, 'other').config.database, 'other');
});

test('an address: the wire is what sslmode says', t => {
  t.deepEqual(ADDRESS.wire, { encrypted: true, verified: true });
  t.deepEqual(parseAddress('postgres://h/db').wire, { encrypted: false, verified: false });
  t.deepEqual(parseAddress('postgres://h/db?sslmode=no-verify').wire, { encrypted: true, verified: false });
});

test('an address: an option that would be ignored in silence is refused, and no password is quoted', t => {
  for (const url of [
    `postgres://a:${PASSWORD}@h/db?options=x`,
    `postgres://a:${PASSWORD}@h:port/db`,
    `postgres://a:${PASSWORD}@h`,
    `postgres://a:12/${PASSWORD}@h/db`,
    `postgres://a:/${PASSWORD}@h/db`,
    `postgres://a:12#${PASSWORD}@h/db`,
    `postgres://h/db;user=a;password=${PASSWORD}`,
    `postgres://h;password=${PASSWORD}/db`,
    `postgres://h/db&password=${PASSWORD}`,
  ]) {
    const error = t.throws(() => parseAddress(url), { code: 'DATABASE_URL' });
    t.false(error.message.includes(PASSWORD), error.message);
  }
});

test('what is printed of an address has no secret', async t => {
  const shown = await describeDatabase(`postgres://app:${encodeURIComponent(PASSWORD)}@h/db`);
  t.is(shown, 'postgres://h:5432/db as app, encrypted=false, verified=false');
  t.is(await describeDatabase('postgres://h/db'), 'postgres://h:5432/db, encrypted=false, verified=false');
});

const server = (code: string, message = 'said') => Object.assign(new Error(message), { code, severity: 'ERROR' });
const CASES: readonly [what: string, error: unknown, expected: object][] = [
  ['a deadlock', server('40P01'), { errorClass: 'transient', pace: 'quick' }],
  ['a lock that was not had', server('55P03'), { errorClass: 'transient', pace: 'quick' }],
  ['too many connections', server('53300'), { errorClass: 'transient', pace: 'slow' }],
  ['a server that starts or recovers', server('57P03'), { errorClass: 'transient', pace: 'slow' }],
  ['a primary that became a standby', server('25006'), { errorClass: 'transient', pace: 'slow' }],
  ['a server that shuts down', server('57P01'), { errorClass: 'ambiguous', pace: 'slow' }],
  ['a full disk', server('53100'), { errorClass: 'exhausted' }],
  ['a row that is refused', server('23505'), { errorClass: 'data' }],
  [
    'a missing right',
    server('42501', 'permission denied for function prune_history'),
    {
      errorClass: 'permanent',
      message:
        'permission denied for function prune_history. The login app needs the role cardgenius_janitor: name a login of that role in ' +
        'CARDGENIUS_DATABASE_URL, or have a DBA run GRANT cardgenius_janitor TO "app"; (where it has the role: deploy/sql/postgres/grants.sql, again)',
    },
  ],
  ['a lost lease', server('CG001'), { code: 'LEASE_LOST' }],
  [
    'a broken socket',
    Object.assign(new Error('read'), { code: 'ECONNRESET' }),
    { errorClass: 'ambiguous', pace: 'slow' },
  ],
  ['a connection that ended', new Error('Connection terminated unexpectedly'), { errorClass: 'ambiguous' }],
  [
    'a full pool',
    new Error('timeout exceeded when trying to connect'),
    { code: 'DATABASE_BUSY', errorClass: 'transient' },
  ],
  ['a fault of this program', new TypeError('no function'), { errorClass: 'permanent' }],
];
for (const [what, error, expected] of CASES) {
  test(`an error: ${what}`, t => t.like(toServerError(error, ADDRESS), expected));
}

test('no connection: each reason has its remedy, and the password is never quoted', t => {
  const cases: readonly [unknown, string, string][] = [
    [server('28P01'), 'DATABASE_LOGIN', 'permanent'],
    [server('3D000'), 'DATABASE_UNKNOWN', 'permanent'],
    [new Error('The server does not support SSL connections'), 'DATABASE_CERTIFICATE', 'permanent'],
    [new Error('self-signed certificate'), 'DATABASE_CERTIFICATE', 'permanent'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'DATABASE_UNREACHABLE', 'transient'],
  ];
  for (const [error, code, errorClass] of cases) {
    const ours = toConnectionError(error, ADDRESS);
    t.true(ours instanceof DatabaseError);
    t.like(ours, { code, errorClass });
    t.false(ours.message.includes(PASSWORD));
  }
  const noTls = toConnectionError(new Error('The server does not support SSL connections'), ADDRESS).message;
  t.regex(noTls, /offers no TLS, and sslmode asks for it/);
  t.notRegex(noTls, /does not verify/);
});
