import test from 'ava';
import { LoginGuard } from '../../src/database/login-guard.ts';
import { parseConnection } from '../../src/database/mssql/connection-settings.ts';
import {
  isLockedLogin,
  makesConnectionStale,
  toConnectionError,
  toDatabaseError,
} from '../../src/database/mssql/mssql-errors.ts';
import { DatabaseError } from '../../src/model/errors.ts';

const refusal = () => new DatabaseError('DATABASE_LOGIN', 'refused.', 'permanent');
const numbered = (number: number) => Object.assign(new Error(`message ${number}`), { number });

function guarded() {
  const clock = { now: 1_000_000 };
  return { guard: new LoginGuard(() => clock.now), clock };
}

test('a login that was never accepted is refused for good', t => {
  const { guard } = guarded();
  t.is(guard.refused(refusal()).errorClass, 'permanent');
  t.notThrows(() => guard.beforeTry());
});

test('a login that was accepted before is tried once a minute, by one request, five times in all', t => {
  const { guard, clock } = guarded();
  guard.accepted();
  let tries = 0;
  let last = guard.refused(refusal());
  t.like(last, { errorClass: 'transient', pace: 'login' });
  guard.refused(refusal()); // another connection, made at the same time: the same try
  for (let second = 0; second < 3_600; second++) {
    clock.now += 1_000;
    for (let request = 0; request < 3; request++) {
      try {
        guard.beforeTry();
      } catch {
        continue;
      }
      tries++;
      last = guard.refused(refusal());
    }
  }
  t.is(tries, 4, 'with the first refusal five');
  t.is(last.errorClass, 'permanent');
  t.regex(last.message, /no more tries/);
});

test('a login that is accepted again is free of its past', t => {
  const { guard, clock } = guarded();
  guard.accepted();
  guard.refused(refusal());
  t.throws(() => guard.beforeTry(), { code: 'DATABASE_LOGIN' });
  clock.now += 60_000;
  t.notThrows(() => guard.beforeTry());
  guard.accepted();
  t.notThrows(() => guard.beforeTry());
});

test('a locked account, an expired password and one to be changed are no matter of waiting', t => {
  const { guard } = guarded();
  guard.accepted();
  for (const number of [18486, 18487, 18488]) t.true(isLockedLogin(numbered(number)));
  t.false(isLockedLogin(numbered(18456)));
  t.is(guard.refused(refusal(), true).errorClass, 'permanent');
});

test('a server that recovers says 4060 and then 18456: the database is what is not there', t => {
  const settings = parseConnection('mssql://app:S3cret@host/db');
  const error = Object.assign(new Error('Login failed'), { errors: [numbered(4060), numbered(18456)] });
  t.is(toConnectionError(error, settings).code, 'DATABASE_UNKNOWN');
  t.is(toConnectionError(numbered(18456), settings).code, 'DATABASE_LOGIN');
});

test('a connection to a replica that takes no writes any more does not go back to the pool', t => {
  for (const number of [3906, 978, 982]) t.true(makesConnectionStale(numbered(number)));
  t.false(makesConnectionStale(numbered(1205)));
});

test('a pool without a free connection is busy, and what a driver says without a code may pass', t => {
  const full = new Error('Failed to acquire a connection from the pool: operation timed out for an unknown reason');
  t.like(toDatabaseError(full, 'x'), { code: 'DATABASE_BUSY', errorClass: 'transient', pace: 'slow' });
  t.like(toDatabaseError(new Error('something new'), 'x'), { code: 'DATABASE_FAILED', errorClass: 'transient' });
  t.like(toDatabaseError(Object.assign(new Error('bad'), { code: 'EPARAM' }), 'x'), { errorClass: 'permanent' });
});

test('a deadlock is tried again soon, a throttle later', t => {
  t.like(toDatabaseError(numbered(1205), 'x'), { pace: 'quick' });
  t.like(toDatabaseError(numbered(40501), 'x'), { pace: 'slow' });
});
