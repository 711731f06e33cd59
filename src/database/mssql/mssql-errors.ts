import {
  CardGeniusError,
  DatabaseError,
  type ErrorClass,
  EXIT,
  LeaseLostError,
  messageOf,
  type Pace,
} from '../../model/errors.ts';
import { withoutSecret } from '../../model/printable.ts';
import { roleFor } from '../wanted-rights.ts';
import { type ConnectionSettings, describeConnection } from './connection-settings.ts';

/**
 * The state of what our procedures throw. A foreign trigger may THROW any number from 50000 on, 50001 as well; and the
 * name of the procedure does not come with every error. The state does, through every CATCH and THROW.
 */
const OWN_STATE = 71;

/**
 * Our own conditions, thrown by number in sql/mssql under OWN_STATE; on PostgreSQL 50001 is CG001, and so on. Without a twin: 50006,
 * where PostgreSQL waits for the lock, and 50007, which only a migration throws. 50008, a wrong argument, stays an error of the server.
 */
const OWN_ERRORS: Readonly<Record<number, (message: string, cause: unknown) => Error>> = {
  50001: (message, cause) => new LeaseLostError(message, { cause }),
  50002: (message, cause) => new CardGeniusError('FINGERPRINT_MISMATCH', message, { cause }),
  50003: (message, cause) => new CardGeniusError('RUN_ACTIVE', message, { cause }),
  50004: (message, cause) => new DatabaseError('STAGING_INCOMPLETE', message, 'transient', { cause }),
  50005: (message, cause) => new CardGeniusError('NO_SUCH_RUN', message, { cause }),
  50006: (message, cause) => new DatabaseError('DATABASE_BUSY', message, 'transient', { cause }),
  50007: (message, cause) => new CardGeniusError('CONTRACT_BROKEN', message, { cause }),
  50009: (message, cause) => new CardGeniusError('RUN_PAUSED', message, { cause, exitCode: EXIT.stopped }),
  50010: (message, cause) => new CardGeniusError('USER_IN_CHUNK', message, { cause }),
  50011: (message, cause) => new CardGeniusError('CARD_NOT_KEPT', message, { cause }),
  50012: (message, cause) => new CardGeniusError('NO_COMPLETED_USERS', message, { cause }),
};

/** SQL Server's error numbers by what a retry can do; a number that stands nowhere here is permanent. */
const NUMBERS: Readonly<Record<Exclude<ErrorClass, 'permanent'>, readonly number[]>> = {
  transient: [
    1205, 1222, 3960, 3961, 3935, 601, 4891, 8628, // deadlock, lock time-out, snapshot conflicts, data movement, a plan not had in time
    701, 802, 1204, 8645, 8651, // memory and locks
    40197, 40501, 40613, 40143, 40540, 49918, 49919, 49920, 10928, 10929, 10936, 4221, // Azure: busy, moving, throttled
    976, 978, 982, 983, 952, 921, 922, 3906, 615, 617, // a failover, or a database that is starting or was read-only a moment ago
  ],
  ambiguous: [0, 20, 64, 121, 233, 997, 10053, 10054, 10060, 11001, 596, 6005], // the network, a killed session, a shutdown
  exhausted: [9002, 1101, 1105, 3257, 5149, 40544, 40549, 40550, 40551, 40552, 40553], // log or disk full, a quota of Azure
  data: [220, 232, 245, 515, 547, 2601, 2627, 2628, 3609, 8114, 8115, 8134, 8152], // a row, a constraint, a trigger
}; // biome-ignore format: a table

/** From which number on an error is thrown or raised by a trigger of CashKaro's, which refuses a row. */
const FIRST_NUMBER_OF_USERS = 50_000;

/** Transient errors where another session was in the way: the step is tried again at once. All others take the server some time. */
const QUICK = new Set([1205, 1222, 3960, 3961, 3935, 601, 4891]);

/** The connection itself leads to a replica that takes no writes any more: it must not go back to the pool. */
const STALE_CONNECTION = new Set([3906, 978, 982]);

const CLASS_BY_NUMBER = new Map(
  Object.entries(NUMBERS).flatMap(([errorClass, numbers]) => numbers.map(number => [number, errorClass as ErrorClass])),
);

/** The driver's codes of a request that this program has put wrong. */
const PERMANENT_CODES = new Set(['EARGS', 'EPARAM', 'EINJECT', 'EDUPEPARAM', 'EDRIVER']);

/** The driver's codes of a connection that was lost or an answer that did not come: what was asked may have been done. */
const AMBIGUOUS_CODES = new Set([
  'ETIMEOUT',
  'ESOCKET',
  'ECONNCLOSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTOPEN',
  'ECANCEL',
  'ENOCONN',
]);

interface DriverError {
  readonly message: string;
  readonly number?: number | string;
  readonly state?: number;
  readonly code?: string;
  readonly procName?: string;
  readonly lineNumber?: number;
  readonly originalError?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly precedingErrors?: readonly unknown[];
  readonly info?: unknown;
}

/** What SQL Server or its driver said, as one of our errors. `operation` is the procedure or the table of the load. */
export function toDatabaseError(error: unknown, operation: string): Error {
  if (error instanceof CardGeniusError) return error;
  const said = withNumber(error) ?? (error as DriverError);
  const number = typeof said.number === 'number' ? said.number : undefined;
  const own = number !== undefined && isOwn(number, said.state, operation) ? OWN_ERRORS[number] : undefined;
  if (own !== undefined) return own(said.message, error);

  if (number === 208 && said.message.includes('#staged_')) {
    return new DatabaseError('STAGING_INCOMPLETE', `the session of the load is gone: ${said.message}`, 'transient', {
      cause: error,
    });
  }
  if (isPoolFull(error)) {
    const message = `no connection became free in time (${operation}): requests of this program hold all of them`;
    return new DatabaseError('DATABASE_BUSY', message, 'transient', { cause: error, pace: 'slow' });
  }

  const code = [...codesOf(error)].find(text => AMBIGUOUS_CODES.has(text)) ?? said.code;
  const isOurBug = error instanceof TypeError || error instanceof RangeError;
  const errorClass = isOurBug ? 'permanent' : classify(number, code);
  const name = number === undefined ? (code ?? 'DATABASE_FAILED') : `MSSQL_${number}`;
  const place = `${said.procName || operation}, line ${said.lineNumber ?? 0}`;
  const where = number === undefined ? operation : `${place}, error ${number}`;
  const isRefused = number !== undefined && RIGHTS.has(number);
  const remedy = isRefused ? `. ${roleFor('mssql', messageOf(said)) ?? RIGHTS_REMEDY}` : '';
  return new DatabaseError(name, `${messageOf(said)} (${where})${remedy}`, errorClass, {
    cause: error,
    pace: number !== undefined && QUICK.has(number) ? 'quick' : 'slow',
  });
}

/** Whether the connection that an error came over must be closed. */
export function makesConnectionStale(error: unknown): boolean {
  const number = withNumber(error)?.number;
  return typeof number === 'number' && STALE_CONNECTION.has(number);
}

/** The pool's message where no connection becomes free within the time of a request. */
const isPoolFull = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Failed to acquire a connection from the pool');

/** Migrations are never edited, and no trigger fires in them: their 50007 has another state. */
function isOwn(number: number, state: number | undefined, operation: string): boolean {
  return state === OWN_STATE || (number === 50007 && !operation.startsWith('cardgenius.'));
}

/** A right is missing: on an object, to create one, to use a database. */
const RIGHTS = new Set([229, 230, 262, 297, 300, 916, 2760, 15151, 15247]);
const RIGHTS_REMEDY = 'This login lacks a right: have a DBA grant what the Grants line of that SQL file names';

function classify(number: number | undefined, code: string | undefined): ErrorClass {
  if (number !== undefined) {
    return CLASS_BY_NUMBER.get(number) ?? (number >= FIRST_NUMBER_OF_USERS ? 'data' : 'permanent');
  }
  if (code !== undefined && PERMANENT_CODES.has(code)) return 'permanent';
  // Nothing unknown counts as permanent: a driver's own error may be over with the next connection.
  return code !== undefined && AMBIGUOUS_CODES.has(code) ? 'ambiguous' : 'transient';
}

/** The driver's codes, wherever it has put them: for a lost connection mssql writes one where the number belongs. */
function* codesOf(error: unknown): Generator<string> {
  if (typeof error !== 'object' || error === null) return;
  const { code, number, originalError, cause, errors } = error as DriverError;
  for (const text of [code, number]) if (typeof text === 'string') yield text;
  for (const inner of [originalError, cause, ...(errors ?? [])]) yield* codesOf(inner);
}

/**
 * The error with the server's number, wherever the driver has wrapped it. Of several that the server sent for one request the
 * first says why; the last is often no more than "the transaction ended".
 */
function withNumber(error: unknown): DriverError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const candidate = error as DriverError;
  for (const inner of [...(candidate.precedingErrors ?? []), ...(candidate.errors ?? [])]) {
    const found = withNumber(inner);
    if (found !== undefined) return found;
  }
  if (typeof candidate.number === 'number') return candidate;
  return withNumber(candidate.originalError) ?? withNumber(candidate.cause) ?? withNumber(candidate.info);
}

/** An error that the server sent while a connection was made. */
export interface ServerMessage {
  readonly number: number;
  readonly message: string;
}

/**
 * Why a connection could not be made, and what to do about it; `said`: every message of the server's to that login, because a
 * server that recovers says 4060 and then 18456, of which the driver keeps the second. Never quotes the password.
 */
export function toConnectionError(
  error: unknown,
  settings: ConnectionSettings,
  said: readonly ServerMessage[] = [],
): DatabaseError {
  const where = describeConnection(settings);
  const whole = [...messagesOf(error)].join('; ');
  const text = withoutSecret(whole, settings.password);
  const cause = text === whole ? error : new Error(text); // a server or a proxy may quote what it was sent
  const numbers = [...numbersOf(error), ...said.map(({ number }) => number)];
  const fail = (code: string, message: string, errorClass: ErrorClass = 'permanent', pace: Pace = 'quick') =>
    new DatabaseError(code, message, errorClass, { cause, pace });

  if (/certificate|self[- ]signed|altname|unable to verify/i.test(text)) {
    return fail(
      'DATABASE_CERTIFICATE',
      `The certificate of ${where} does not verify (${text}). Give Node its authority (NODE_EXTRA_CA_CERTS=ca.pem), name the ` +
        'server as the certificate does, or, on a network that you trust, say trustServerCertificate=true.',
    );
  }
  if (numbers.includes(4060) || /cannot open database|database .* does not exist/i.test(text)) {
    return fail(
      'DATABASE_UNKNOWN',
      `There is no database ${settings.database} on ${settings.server}, or the login ${settings.user ?? ''} may not use it. ` +
        'Correct the name in CARDGENIUS_DATABASE_URL, or have a DBA create the database and map the login to a user.',
    );
  }
  if (numbers.some(number => REFUSED_LOGINS.has(number)) || /login failed|password authentication failed/i.test(text)) {
    return fail(
      'DATABASE_LOGIN',
      `${settings.server} refuses the login ${settings.user ?? ''}. Check the user, and the password in ` +
        'CARDGENIUS_DATABASE_PASSWORD (or the file that CARDGENIUS_DATABASE_PASSWORD_FILE names).',
    );
  }
  return fail(
    'DATABASE_UNREACHABLE',
    `Cannot reach ${where}: ${text}. Check host, port and firewall, and that the server is up.`,
    'transient',
    'slow',
  );
}

/** The login was refused: wrong, locked, expired, to be changed. */
const REFUSED_LOGINS = new Set([18452, 18456, 18486, 18487, 18488]);
const LOCKED_LOGINS = new Set([18486, 18487, 18488]);

/** Whether the account is locked or its password has expired: no wait helps, and each try counts against it. */
export const isLockedLogin = (error: unknown, said: readonly ServerMessage[] = []): boolean =>
  [...numbersOf(error), ...said.map(({ number }) => number)].some(number => LOCKED_LOGINS.has(number));

/** Every number that the server sent, wherever the driver has put it. A server that recovers says 4060, and then 18456. */
function* numbersOf(error: unknown, depth = 0): Generator<number> {
  if (typeof error !== 'object' || error === null || depth > 6) return;
  const { number, originalError, cause, errors, precedingErrors, info } = error as DriverError;
  if (typeof number === 'number') yield number;
  for (const inner of [originalError, cause, info, ...(errors ?? []), ...(precedingErrors ?? [])])
    yield* numbersOf(inner, depth + 1);
}

function* messagesOf(error: unknown, depth = 0): Generator<string> {
  if (typeof error !== 'object' || error === null || depth > 4) return;
  const { errors, originalError, cause, message } = error as DriverError;
  const inner = [...(errors ?? []), originalError ?? cause].filter(part => part !== undefined);
  const found = inner.flatMap(part => [...messagesOf(part, depth + 1)]);
  if (found.length > 0) yield* new Set(found);
  else yield message;
}
