import { CardGeniusError, DatabaseError, type ErrorClass, EXIT, LeaseLostError } from '../../model/errors.ts';
import type { PgliteErrorFields } from './pglite-thread.ts';

/** Our own conditions, raised by name in sql/postgres (their twins are 50001 to 50009 on SQL Server). */
const OWN_CONDITIONS: Readonly<Record<string, (message: string, cause: Error) => Error>> = {
  CG001: (message, cause) => new LeaseLostError(message, { cause }),
  CG002: (message, cause) => new CardGeniusError('FINGERPRINT_MISMATCH', message, { cause }),
  CG003: (message, cause) => new CardGeniusError('RUN_ACTIVE', message, { cause }),
  CG004: (message, cause) => new DatabaseError('STAGING_INCOMPLETE', message, 'transient', { cause }),
  CG009: (message, cause) => new CardGeniusError('RUN_PAUSED', message, { cause, exitCode: EXIT.stopped }),
  CG005: (message, cause) => new CardGeniusError('NO_SUCH_RUN', message, { cause }),
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
  '58030': 'exhausted', // input/output error: on the embedded engine a full or broken disk
};

/** The classes that PostgreSQL itself uses. Any other is an ERRCODE of a trigger of CashKaro's, which refuses a row. */
const CLASSES_OF_POSTGRES = new Set(
  (
    '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 ' +
    'F0 HV P0 XX'
  ).split(' '),
);

/** What PostgreSQL said, as one of our errors. */
export function toDatabaseError(fields: PgliteErrorFields): Error {
  const cause = new Error(fields.message);
  const state = fields.code ?? '';
  const own = OWN_CONDITIONS[state];
  if (own !== undefined) return own(fields.message, cause);

  const errorClass = classify(state);
  const details = [fields.detail, errorClass === 'permanent' ? fields.where?.split('\n')[0] : undefined];
  const message = [fields.message, ...details.filter(text => text !== undefined)].join('; ');
  return new DatabaseError(state === '' ? 'DATABASE_FAILED' : `POSTGRES_${state}`, message, errorClass, { cause });
}

function classify(state: string): ErrorClass {
  const group = state.slice(0, 2);
  const isForeign = state.length === 5 && !CLASSES_OF_POSTGRES.has(group);
  return ERROR_CLASSES[state] ?? ERROR_CLASSES[group] ?? (isForeign ? 'data' : 'permanent');
}
