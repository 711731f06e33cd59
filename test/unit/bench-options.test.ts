import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');
const start = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, script), ...args], { encoding: 'utf8', timeout: 30_000 });

test('a script that measures or kills takes no option that it does not know, and tells those that it has', t => {
  for (const script of ['test/chaos/chaos.ts', 'bench/engine.ts', 'bench/load.ts']) {
    const help = start(script, '--help');
    t.is(help.status, 0, script);
    t.regex(help.stderr, /^Options, with their defaults: .*\[--users \d+\]/);
    const unknown = start(script, '--usres', '5');
    t.is(unknown.status, 2, script);
    t.regex(unknown.stderr, /^Unknown option '--usres'/);
  }
  t.is(start('bench/engine.ts', '--users', 'many').status, 2);
  t.is(start('bench/engine.ts', '--users', '0').status, 2);
});
