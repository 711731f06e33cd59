import test from 'ava';
import { parseAddress } from '../../src/dashboard/address.ts';
import { tokensFor } from '../../src/dashboard/tokens.ts';

const READ = 'read-token-of-the-test-9f3c';
const ACT = 'act-token-of-the-test-41d8a';
const METRICS = 'metrics-token-of-the-test';
const NONE = { read: undefined, act: undefined };
const HERE = parseAddress('80');
const TERMINAL = { isOpen: false, hasTerminal: true };
const SERVICE = { isOpen: false, hasTerminal: false };

test('an address is a port, or a host and a port', t => {
  t.deepEqual(parseAddress('9000'), { host: '127.0.0.1', port: 9000 });
  t.deepEqual(parseAddress('[::1]:80'), { host: '::1', port: 80 });
  for (const wrong of ['x', '70000', 'a:b:1']) t.throws(() => parseAddress(wrong), { code: 'DASHBOARD_ADDRESS' });
});

test('a missing token is made where a terminal can show it; anywhere else the start is refused', t => {
  const { tokens, made } = tokensFor(HERE, NONE, TERMINAL);
  t.regex(made!, /^[\w-]{32}$/);
  t.deepEqual(tokens, { read: made, act: made });
  t.not(tokensFor(HERE, NONE, TERMINAL).made, made);
  t.throws(() => tokensFor(HERE, NONE, SERVICE), { code: 'DASHBOARD_TOKEN', message: /no terminal.*--open/ });
  for (const host of ['0.0.0.0', '[::]', '127.1', '192.168.1.7', 'localhost.example'])
    for (const choice of [TERMINAL, SERVICE, { isOpen: true, hasTerminal: true }])
      t.throws(() => tokensFor(parseAddress(`${host}:80`), NONE, choice), { code: 'DASHBOARD_TOKEN' }, host);
});

test('--open is for this machine alone, and contradicts a token', t => {
  const open = { isOpen: true, hasTerminal: false };
  t.deepEqual(tokensFor(HERE, NONE, open), { tokens: NONE, made: undefined });
  t.throws(() => tokensFor(HERE, { ...NONE, read: READ }, open), { code: 'DASHBOARD_TOKEN', message: /contradict/ });
});

test('a token that is short, of few letters, or good for two rights is refused by name', t => {
  const refused = (tokens: object, message: RegExp) =>
    t.throws(() => tokensFor(HERE, { ...NONE, ...tokens }, SERVICE), { code: 'DASHBOARD_TOKEN', message });
  refused({ read: 'only-23-characters-here' }, /CARDGENIUS_DASHBOARD_TOKEN must have at least 24/);
  refused({ read: 'a'.repeat(64) }, /8 different ones/);
  refused({ read: 'abababababababababababababab' }, /8 different ones/);
  refused({ read: `${READ} x` }, /no space/);
  refused({ read: READ, act: READ }, /ACT_TOKEN is the same as CARDGENIUS_DASHBOARD_TOKEN/);
  refused({ read: READ, act: ACT, metrics: ACT }, /METRICS_TOKEN is the same as CARDGENIUS_DASHBOARD_ACT_TOKEN/);
  refused({ act: ACT }, /needs CARDGENIUS_DASHBOARD_TOKEN beside it/);
  refused({ metrics: METRICS }, /needs CARDGENIUS_DASHBOARD_TOKEN beside it/);
  const all = { read: READ, act: ACT, metrics: METRICS };
  t.deepEqual(tokensFor(parseAddress('0.0.0.0:80'), all, SERVICE), { tokens: all, made: undefined });
});
