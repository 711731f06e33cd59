import {
  CardGeniusError,
  DatabaseError,
  type ErrorClass,
  EXIT,
  LeaseLostError,
  messageOf,
} from '../../model/errors.ts';
import { withoutSecret } from '../../model/printable.ts';
import { roleFor } from '../wanted-rights.ts';
import type { PgliteErrorFields } from './pglite-thread.ts';
import type { ServerAddress } from './server-address.ts';

/** Our own conditions, raised by name in sql/postgres; on SQL Server CG001 is 50001, and so on (mssql-errors.ts). */
const OWN_CONDITIONS: Readonly<Record<string, (message: string, cause: Error) => Error>> = {
  CG001: (message, cause) => new LeaseLostError(message, { cause }),
  CG002: (message, cause) => new CardGeniusError('FINGERPRINT_MISMATCH', message, { cause }),
  CG003: (message, cause) => new CardGeniusError('RUN_ACTIVE', message, { cause }),
  CG004: (message, cause) => new DatabaseError('STAGING_INCOMPLETE', message, 'transient', { cause }),
  CG005: (message, cause) => new CardGeniusError('NO_SUCH_RUN', message, { cause }),
  CG009: (message, cause) => new CardGeniusError('RUN_PAUSED', message, { cause, exitCode: EXIT.stopped }),
  CG010: (message, cause) => new CardGeniusError('USER_IN_CHUNK', message, { cause }),
  CG011: (message, cause) => new CardGeniusError('CARD_NOT_KEPT', message, { cause }),
  CG012: (message, cause) => new CardGeniusError('NO_COMPLETED_USERS', message, { cause }),
};

/** SQLSTATEs (or their class, the first two characters) and what a retry can do about them. */
const ERROR_CLASSES: Readonly<Record<string, ErrorClass>> = {
  '08': 'ambiguous', // connection exceptions
  '22': 'data', // data exceptions: too long, out of range, not a number
  '23': 'data', // a constraint is violated
  P0001: 'data', // raised by a trigger
  '40001': 'transient', // serialization failure
  '40P01': 'transient', // deadlock
  '55P03': 'transient', // lock not available
  '53200': 'transient', // out of memory
  '53300': 'transient', // too many connections
  '53100': 'exhausted', // disk full
  '57': 'ambiguous', // cancelled, shut down
  '57P03': 'transient', // the server starts, stops or recovers: it took nothing
  '25006': 'transient', // read-only: a standby that was the primary a moment ago
  '58030': 'exhausted', // input/output error: on the embedded engine a full or broken disk
};

/** The classes that PostgreSQL itself uses. Any other is an ERRCODE of a trigger of CashKaro's, which refuses a row. */
const CLASSES_OF_POSTGRES = new Set(
  (
    '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 ' +
    'F0 HV P0 XX'
  ).split(' '),
);

/** Transient errors where another session was in the way: the step is tried again at once. */
const QUICK = new Set(['40001', '40P01', '55P03']);

/** A right is missing. */
const NO_RIGHT = '42501';

/** What PostgreSQL said, as one of our errors; `login` is who asked. */
export function toDatabaseError(fields: PgliteErrorFields, login?: string): Error {
  const cause = new Error(fields.message);
  const state = fields.code ?? '';
  const own = OWN_CONDITIONS[state];
  if (own !== undefined) return own(fields.message, cause);

  const errorClass = classify(state);
  const details = [fields.detail, errorClass === 'permanent' ? fields.where?.split('\n')[0] : undefined];
  const told = [fields.message, ...details.filter(text => text !== undefined)].join('; ');
  const role = state === NO_RIGHT ? roleFor('postgres', fields.message, login) : undefined;
  const message = role === undefined ? told : `${told}. ${role}`;
  return new DatabaseError(state === '' ? 'DATABASE_FAILED' : `POSTGRES_${state}`, message, errorClass, {
    cause,
    pace: QUICK.has(state) ? 'quick' : 'slow',
  });
}

function classify(state: string): ErrorClass {
  const group = state.slice(0, 2);
  const isForeign = state.length === 5 && !CLASSES_OF_POSTGRES.has(group);
  return ERROR_CLASSES[state] ?? ERROR_CLASSES[group] ?? (isForeign ? 'data' : 'permanent');
}

/** A failure of the driver, or what the server sent, as one of our errors. */
export function toServerError(error: unknown, address: ServerAddress): Error {
  if (error instanceof CardGeniusError) return error;
  const { code } = error as { readonly code?: string };
  const text = messageOf(error);
  if (/^[0-9A-Z]{5}$/.test(code ?? '') && error instanceof Error && 'severity' in error) {
    return REFUSED_LOGIN.has(code!) || code === UNKNOWN_DATABASE
      ? toConnectionError(error, address)
      : toDatabaseError(error as unknown as PgliteErrorFields, address.config.user);
  }
  if (/timeout exceeded when trying to connect/i.test(text)) {
    return new DatabaseError(
      'DATABASE_BUSY',
      `no connection to ${address.description} became free in time`,
      'transient',
      {
        cause: error,
        pace: 'slow',
      },
    );
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new DatabaseError('DATABASE_FAILED', text, 'permanent', { cause: error });
  }
  // A socket that failed, a connection that ended, a driver's own words: what was asked may have been done.
  return new DatabaseError(code ?? 'DATABASE_FAILED', `${text} (${address.description})`, 'ambiguous', {
    cause: error,
  });
}

const REFUSED_LOGIN = new Set(['28P01', '28000']);
const UNKNOWN_DATABASE = '3D000';

/** Why a connection could not be made, and what to do about it. Never quotes the password. */
export function toConnectionError(error: unknown, { description, config }: ServerAddress): DatabaseError {
  const { code = '', errors = [] } = error as { readonly code?: string; readonly errors?: readonly unknown[] };
  const said = messageOf(error) || errors.map(messageOf).join('; ');
  const text = withoutSecret(said, config.password);
  const cause = text === said ? error : new Error(text); // a server or a pooler may quote what it was sent
  const fail = (ours: string, message: string, errorClass: ErrorClass = 'permanent') =>
    new DatabaseError(ours, message, errorClass, { cause, pace: 'slow' });
  if (/does not support SSL/i.test(text)) {
    return fail(
      'DATABASE_CERTIFICATE',
      `${description} offers no TLS, and sslmode asks for it. Turn it on there (ssl = on in postgresql.conf, with a certificate); only on ` +
        'this machine or in a network of its own, leave sslmode out of CARDGENIUS_DATABASE_URL.',
    );
  }
  if (/certificate|self[- ]signed|altname|unable to verify/i.test(text)) {
    return fail(
      'DATABASE_CERTIFICATE',
      `The certificate of ${description} does not verify (${text}). Give its authority (sslrootcert=ca.pem, or NODE_EXTRA_CA_CERTS), or name ` +
        'the server as the certificate does.',
    );
  }
  if (REFUSED_LOGIN.has(code)) {
    return fail(
      'DATABASE_LOGIN',
      `${description} refuses the login ${config.user ?? ''}. Check the user, and the password in CARDGENIUS_DATABASE_PASSWORD (or the file ` +
        'that CARDGENIUS_DATABASE_PASSWORD_FILE names).',
    );
  }
  if (code === UNKNOWN_DATABASE) {
    return fail(
      'DATABASE_UNKNOWN',
      `There is no database ${config.database ?? ''} at ${description}. Fix the name, or have a DBA create it.`,
    );
  }
  return fail(
    'DATABASE_UNREACHABLE',
    `Cannot reach ${description}: ${text}. Check host, port and firewall, and that the server is up.`,
    'transient',
  );
}
