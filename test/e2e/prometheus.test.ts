import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { KEYS } from '../../src/config/keys.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/prometheus');
const named = (path: string, pattern: RegExp) =>
  new Set([...readFileSync(join(FOLDER, path), 'utf8').matchAll(pattern)].map(([, name]) => name!));

test('every alert rule has a test in which it fires', t => {
  const rules = named('alerts.yml', /- alert: (\w+)/g);
  const fired = named('alerts.test.yml', /alertname: (\w+)\n\s+exp_alerts:/g);
  t.true(rules.size > 0);
  t.deepEqual([...fired].sort(), [...rules].sort());
});

test('every alert rule says what it means and where to look, docs/operations.md what to do; its threshold is the setting that it names', t => {
  const guide = readFileSync(join(FOLDER, '../../docs/operations.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| (`CardGenius.+`) \|(.+)\|$/gm)];
  const inGuide = rows.flatMap(([, names]) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  t.deepEqual(inGuide.sort(), [...named('alerts.yml', /- alert: (\w+)/g)].sort());
  for (const [, names, remedy] of rows) t.true(remedy!.trim().length > 10, names);

  const rules = readFileSync(join(FOLDER, 'alerts.yml'), 'utf8');
  for (const rule of rules.split('- alert: ').slice(1))
    t.regex(rule, /summary: '.{10,}'\n +description: '.{10,}'/, rule);
  const [, key] = /# 5 %: set it to (\w+) of your cron\.config\.ts/.exec(rules) ?? [];
  t.is(KEYS.find(({ path }) => path.join('.') === key)?.defaultValue, 0.05);
});

test('what the database says is the same in each instance: a rule or a panel takes its maximum, and adds up no two outcomes that overlap', t => {
  const [, guide] = readFileSync(join(FOLDER, '../../docs/dashboard.md'), 'utf8').split('From the database, the same');
  const names = [...guide!.split('\n\n')[1]!.matchAll(/`(cardgenius_\w+)/g)].map(([, name]) => name!);
  t.true(names.length > 5);
  for (const path of ['alerts.yml', '../grafana/cardgenius.json']) {
    const text = readFileSync(join(FOLDER, path), 'utf8');
    t.notRegex(text, /cardgenius_run_users\{[^}]*outcome!/, 'processed and pending are outcomes of the same users');
    for (const [, taken, name] of text.matchAll(/(?:(\w+)(?: by \([^()]*\))? ?\()?(?:changes\()?\b(cardgenius_\w+)/g))
      if (names.includes(name!)) t.is(taken, 'max', `${path}: ${name}`);
  }
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn('SKIPPED: the alert rules are not tried: no promtool (apt-get install prometheus).');
(hasPromtool ? test : test.skip)('each alert rule fires when it should, and only then (promtool)', t => {
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd: FOLDER });
  t.is(status, 0, `${stdout}${stderr}`);
});
