import test from 'ava';
import sql from 'mssql';
import { callForRow } from '../../src/database/driver.ts';
import { parseConnection } from '../../src/database/mssql/connection-settings.ts';
import { toConnectionError, toDatabaseError } from '../../src/database/mssql/mssql-errors.ts';
import { CardGeniusError, DatabaseError, type ErrorClass, LeaseLostError } from '../../src/model/errors.ts';
import { recordingDriver } from '../support/recording-driver.ts';

const OPERATION = 'cardgenius.publish_chunk';
const PASSWORD = 'S3cret!';
const SETTINGS = parseConnection(`mssql://app:${PASSWORD}@host:1444/db`);

/** What the driver throws: an Error with these fields. */
const thrown = (message: string, fields: object = {}) => Object.assign(new Error(message), fields);
const numbered = (number: number, message = `message ${number}`, state = 1) =>
  thrown(message, { code: 'EREQUEST', number, state, procName: OPERATION, lineNumber: 42 });
/** As our procedures throw: under a state of their own. */
const OWN_STATE = 71;

const classOf = (error: unknown) => {
  const ours = toDatabaseError(error, OPERATION);
  return ours instanceof DatabaseError ? ours.errorClass : undefined;
};

const CLASSES: Readonly<Record<ErrorClass, readonly number[]>> = {
  transient: [1205, 1222, 701, 3960, 40501, 40613, 10928, 4891, 3906, 978, 982, 952, 615, 617, 8628, 10936, 3935],
  ambiguous: [0, 64, 596, 10054],
  exhausted: [9002, 1105, 1101, 40544, 40549, 40550, 40551, 40552, 40553],
  data: [2627, 2601, 547, 515, 8115, 2628, 8152, 50000, 51000, 2147483647],
  permanent: [102, 207, 208, 2812, 229, 8672],
};
for (const [errorClass, numbers] of Object.entries(CLASSES)) {
  for (const number of numbers) {
    test(`error ${number} is ${errorClass}, and the message says where`, t => {
      const cause = numbered(number, 'what the server said');
      const error = toDatabaseError(cause, 'another operation');
      t.true(error instanceof DatabaseError);
      t.like(error, { code: `MSSQL_${number}`, errorClass, cause });
      t.true(error.message.startsWith(`what the server said (${OPERATION}, line 42, error ${number})`), error.message);
    });
  }
}

test('an error outside a procedure is placed in the operation', t => {
  const { message } = toDatabaseError(thrown('Invalid column name', { number: 207, lineNumber: 1 }), 'sql/mssql/a.sql');
  t.is(message, 'Invalid column name (sql/mssql/a.sql, line 1, error 207)');
});

const OWN: Readonly<Record<number, [code: string, errorClass?: ErrorClass]>> = {
  50001: ['LEASE_LOST'],
  50002: ['FINGERPRINT_MISMATCH'],
  50003: ['RUN_ACTIVE'],
  50004: ['STAGING_INCOMPLETE', 'transient'],
  50005: ['NO_SUCH_RUN'],
  50006: ['DATABASE_BUSY', 'transient'],
  50007: ['CONTRACT_BROKEN'],
  50012: ['NO_COMPLETED_USERS'],
};
for (const [number, [code, errorClass]] of Object.entries(OWN)) {
  test(`our own error ${number} is ${code}, in the procedure's words`, t => {
    const cause = numbered(Number(number), 'there is no run 7', OWN_STATE);
    const error = toDatabaseError(cause, OPERATION);
    t.true(error instanceof CardGeniusError);
    t.like(error, { code, message: 'there is no run 7', cause });
    t.is(error instanceof DatabaseError ? error.errorClass : undefined, errorClass);
    t.is(error instanceof LeaseLostError, number === '50001');
  });
}

for (const number of Object.keys(OWN)) {
  test(`a trigger's own ${number} is no word of ours: it refuses a row`, t => {
    const error = toDatabaseError(numbered(Number(number), 'not on Sundays'), OPERATION);
    t.like(error, { code: `MSSQL_${number}`, errorClass: 'data' });
  });
}

test('a migration is never edited, and its 50007 has another state', t => {
  const error = toDatabaseError(numbered(50007, 'no such column'), 'migrations/mssql/0003_processing_error.sql');
  t.like(error, { code: 'CONTRACT_BROKEN', message: 'no such column' });
});

for (const code of ['ETIMEOUT', 'ESOCKET', 'ECONNCLOSED', 'ECONNRESET', 'EPIPE']) {
  test(`${code}: what was asked may have been done`, t => {
    const error = toDatabaseError(thrown('Connection lost', { code }), OPERATION);
    t.like(error, { code, errorClass: 'ambiguous', message: `Connection lost (${OPERATION})` });
  });
}

test('a wrong argument and a fault of this program are permanent', t => {
  t.is(classOf(thrown('bad argument', { code: 'EARGS' })), 'permanent');
  t.like(toDatabaseError(new TypeError('no function'), OPERATION), {
    code: 'DATABASE_FAILED',
    errorClass: 'permanent',
    message: `no function (${OPERATION})`,
  });
  t.is(classOf('a text'), 'transient');
});

test('a number says more than the code of what wraps it', t => {
  t.is(classOf(thrown('lost', { code: 'ESOCKET', number: 2627 })), 'data');
});

const WRAPPINGS: Readonly<Record<string, (inner: Error) => unknown>> = {
  originalError: inner => new sql.RequestError(inner, 'EREQUEST'),
  'originalError in originalError': inner =>
    thrown('outer', { code: 'EREQUEST', originalError: thrown('middle', { originalError: inner }) }),
  cause: inner => new Error('outer', { cause: inner }),
  info: inner => thrown('outer', { originalError: thrown('middle', { info: inner }) }),
  'an AggregateError': inner => new AggregateError([new Error('another'), inner], 'all failed'),
};
for (const [title, wrap] of Object.entries(WRAPPINGS)) {
  test(`found in ${title}`, t => {
    t.is(classOf(wrap(numbered(1205, 'deadlock victim'))), 'transient');
    const { message } = toDatabaseError(wrap(numbered(1205, 'deadlock victim')), OPERATION);
    t.is(message, `deadlock victim (${OPERATION}, line 42, error 1205)`);
    t.true(toDatabaseError(wrap(numbered(50001, 'lost', OWN_STATE)), OPERATION) instanceof LeaseLostError);
  });
}

test('of several errors the first says why', t => {
  const last = thrown('The transaction ended in the trigger.', {
    number: 3609,
    precedingErrors: [numbered(9002, 'the log is full'), numbered(3998, 'uncommittable transaction')],
  });
  t.like(toDatabaseError(last, OPERATION), { code: 'MSSQL_9002', errorClass: 'exhausted' });

  const wrapped = thrown('statement terminated', {
    number: 3621,
    precedingErrors: [thrown('outer', { originalError: numbered(50001, 'the lease is lost', OWN_STATE) })],
  });
  t.like(toDatabaseError(wrapped, OPERATION), { code: 'LEASE_LOST', message: 'the lease is lost' });
});

test('an error of ours stays as it is', t => {
  const error = new LeaseLostError('gone');
  t.is(toDatabaseError(error, OPERATION), error);
});

const connectionError = (message: string, code: sql.MSSQL_ERROR_CODE, inner: object = {}) =>
  new sql.ConnectionError(thrown(message, { code, ...inner }), code);

/** Why no connection could be made: what the driver throws, what we say, and what we say to do about it. */
const CONNECTIONS: Readonly<Record<string, [thrown: unknown, code: string, says: RegExp, remedy: RegExp]>> = {
  'a refused login': [
    connectionError("Login failed for user 'app'.", 'ELOGIN', { number: 18456 }),
    'DATABASE_LOGIN',
    /^host refuses the login app\./,
    /Check the user, and the password in CARDGENIUS_DATABASE_PASSWORD /,
  ],
  'a refused login without its number': [
    connectionError("Login failed for user 'app'.", 'ELOGIN'),
    'DATABASE_LOGIN',
    /refuses the login app/,
    /CARDGENIUS_DATABASE_PASSWORD_FILE/,
  ],
  'an unknown database, first of two errors': [
    connectionError("Login failed for user 'app'.", 'ELOGIN', {
      number: 18456,
      precedingErrors: [thrown('Cannot open database "db" requested by the login.', { number: 4060 })],
    }),
    'DATABASE_UNKNOWN',
    /^There is no database db on host, or the login app may not use it\./,
    /Correct the name in CARDGENIUS_DATABASE_URL, or have a DBA create the database/,
  ],
  'a certificate signed by itself': [
    connectionError('Failed to connect to host:1444 - self-signed certificate', 'ESOCKET', {
      cause: thrown('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    }),
    'DATABASE_CERTIFICATE',
    /^The certificate of mssql:\/\/host:1444\/db does not verify \(self-signed certificate\)\./,
    /NODE_EXTRA_CA_CERTS=ca\.pem.*trustServerCertificate=true/,
  ],
  'a certificate of another name': [
    connectionError("Hostname/IP does not match certificate's altnames: Host: host.", 'ESOCKET'),
    'DATABASE_CERTIFICATE',
    /does not verify/,
    /name the server as the certificate does/,
  ],
  'nobody who listens': [
    connectionError('Could not connect', 'ESOCKET', {
      cause: new AggregateError([
        thrown('connect ECONNREFUSED ::1:1444', { code: 'ECONNREFUSED' }),
        thrown('connect ECONNREFUSED 127.0.0.1:1444', { code: 'ECONNREFUSED' }),
      ]),
    }),
    'DATABASE_UNREACHABLE',
    /^Cannot reach mssql:\/\/host:1444\/db: connect ECONNREFUSED ::1:1444; connect ECONNREFUSED 127\.0\.0\.1:1444\./,
    /Check host, port and firewall, and that the server is up\./,
  ],
  'an unknown host': [
    connectionError('Failed to connect to host:1444 - getaddrinfo ENOTFOUND host', 'ESOCKET'),
    'DATABASE_UNREACHABLE',
    /getaddrinfo ENOTFOUND host/,
    /Check host, port and firewall/,
  ],
};
for (const [title, [error, code, says, remedy]] of Object.entries(CONNECTIONS)) {
  test(`no connection: ${title}`, t => {
    const ours = toConnectionError(error, SETTINGS);
    t.like(ours, { code, errorClass: code === 'DATABASE_UNREACHABLE' ? 'transient' : 'permanent', cause: error });
    t.regex(ours.message, says);
    t.regex(ours.message, remedy);
    t.false(ours.message.includes(PASSWORD), ours.message);
  });
}

test('a procedure that ends without its answer may have done its work', async t => {
  const driver = recordingDriver(() => []);
  const error = await t.throwsAsync(callForRow(driver, 'claim_chunk', []), { instanceOf: DatabaseError });
  t.is(error.errorClass, 'ambiguous');
  t.is(error.message, 'cardgenius.claim_chunk on a recording driver ended without its answer, and without an error');
});

test('a server that quotes the password it was sent is quoted without it, the cause included', t => {
  const settings = parseConnection('mssql://sa:MARKsecret1@db.corp:1433/cards');
  const error = Object.assign(new Error('proxy: password MARKsecret1 is no good'), { code: 'ESOCKET' });
  const ours = toConnectionError(error, settings);
  t.regex(ours.message, /Cannot reach .*password \*\*\* is no good/);
  t.notRegex(`${ours.message} ${ours.stack} ${String((ours.cause as Error).stack)}`, /MARKsecret1/);
});
