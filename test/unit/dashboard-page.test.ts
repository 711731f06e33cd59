/** What the page says, without a browser: its sentences and figures are pure functions. */
import test from 'ava';
import { aRun } from '../support/dashboard.ts';

const load = (name: string) => import(new URL(`../../src/dashboard/assets/${name}.js`, import.meta.url).href);
const { percent, percentAbove, rateText, duration, leftText, group, zone } = await load('format');
const { verdictOf, isGate } = await load('verdict');
const { wordsOf } = await load('acts');

const NOW = Date.parse('2026-11-23T04:10:00Z');
const FIGURES = {
  done: 100,
  seconds: 600,
  now: 10,
  average: 10,
  atWork: 1,
  silentSeconds: 2,
  left: { low: 300, high: 420 },
};

const verdict = (run: object, figures: object = {}, more: object = {}, database: object = { up: true }) =>
  verdictOf({ run: aRun(run), figures: { ...FIGURES, ...figures }, database }, { limit: 0.001, now: NOW, ...more });

test('figures: no more digits than are read, a rate above its limit never looks like it, Indian groups', t => {
  const shares = [0, 0.000_033, 0.000_3, 0.001, 0.0142, 0.126, 0.5, 1];
  t.deepEqual(shares.map(share => percent(share)), ['0 %', '0.003 %', '0.03 %', '0.1 %', '1.4 %', '13 %', '50 %', '100 %']); // biome-ignore format: one line
  t.is(rateText(0.0003, 0.001), '0.03 % (limit 0.1 %)');
  t.is(percentAbove(0.001_04, 0.001), '0.104 %');
  t.is(percentAbove(0.001, 0.001), '0.1 %');
  t.is(group(1_23_45_678), '1,23,45,678');
});

test('times: never negative, whatever the clocks', t => {
  t.is(duration(-5), '0.0 s');
  t.is(duration(-100_000), '0.0 s');
  t.is(duration(4_000), '1 h 6 min');
  t.is(leftText(null), 'not known yet');
  t.is(leftText({ low: 300, high: 420 }), '5 min to 7 min');
  t.is(leftText({ low: -20, high: -10 }), '0 s');
  t.regex(zone(), /\S/);
});

test('the verdict of each state: a level, and one sentence', t => {
  const well = { failed: 0 };
  const cases: readonly [object, object, object, string, RegExp][] = [
    [well, {}, {}, 'work', /^Running well\.$/],
    [well, { atWork: 0, silentSeconds: 600 }, {}, 'bad', /^No processor works on it\.$/],
    [well, { silentSeconds: 600 }, {}, 'warn', /no chunk was begun or closed for 10 min/],
    [{ completed: 90, failed: 10 }, {}, {}, 'bad', /^Too many users fail: 10 % \(limit 0\.1 %\)\.$/],
    [{ ...well, deadlineAt: new Date(NOW + 60_000) }, {}, {}, 'warn', /^Running, and late\.$/],
    [well, {}, { openAlerts: 2 }, 'warn', /^Running; 2 alerts are open\.$/],
    [{ state: 'paused', reason: 'DBA asks' }, {}, {}, 'held', /^Paused/],
    [{ state: 'paused', reason: 'GATE_FAILED_SHARE: 12 %' }, {}, {}, 'held', /^Held at a gate/],
    [{ state: 'stopped' }, {}, {}, 'warn', /^Stopped/],
    [{ state: 'cancelled', reason: 'wrong cards' }, {}, {}, 'idle', /^Cancelled/],
    [{ state: 'failed', reason: 'X' }, {}, {}, 'bad', /^The run has failed\.$/],
    [{ state: 'done', completed: 9, failed: 0, violations: 2 }, {}, {}, 'bad', /^Done, but 2 users have rows that cannot be right\.$/],
    [{ state: 'done', completed: 1_00_000, failed: 0 }, {}, {}, 'good', /^Done: 1,00,000 users have their ten cards\.$/],
    [{ state: 'done', completed: 90, failed: 10 }, {}, {}, 'bad', /^Done, but too many users failed: 10 % \(limit 0\.1 %\)\.$/],
    [{ state: 'done', kind: 'dry_run', completed: 9, failed: 0 }, {}, {}, 'good', /^A dry run: done: 9 users would have/],
  ]; // biome-ignore format: a table
  for (const [run, figures, more, level, title] of cases) {
    const said = verdict(run, figures, more);
    t.is(said.level, level, said.title);
    t.regex(said.title, title);
  }
  const away = verdict({}, {}, {}, { up: false, since: '2026-11-23T04:00:00Z', code: 'DATABASE_AWAY' });
  t.like(away, { level: 'bad', word: 'database away' });
  t.regex(away.why, /DATABASE_AWAY/);
  t.like(verdictOf({ run: null, figures: null, database: { up: true } }, { limit: 0, now: NOW }), { level: 'idle' });
  t.is(verdict({ state: 'paused', reason: 'DBA asks' }).why, 'DBA asks.');
  for (const state of ['cancelled', 'failed'])
    t.regex(verdict({ state, reason: 'X' }).why, /^X\. The next run takes these users: .*cardgenius run$/);
  t.regex(
    verdict({ state: 'paused', reason: 'GATE_FAILED_SHARE: 12 %.' }).why,
    /^GATE_FAILED_SHARE: 12 %\. cardgenius errors names .*cardgenius resume$/,
  );
  t.regex(
    verdict(well, { atWork: 0, silentSeconds: 600 }).why,
    /cardgenius run\. Where one is alive, .*: cancel the run\.$/,
  );
  t.is(wordsOf('Failed to fetch'), 'the dashboard does not answer. Try again.');
  t.is(wordsOf('MSSQL_229'), 'MSSQL_229.');
  t.false(isGate(aRun({ state: 'running', reason: 'GATE_X' })));
});
