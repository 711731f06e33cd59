import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { COMMANDS, createProgram } from '../../src/cli/commands.ts';
import { wordsOf } from '../../src/cli/completion-command.ts';
import { textTable } from '../../src/cli/table.ts';

const ROOT = join(import.meta.dirname, '../..');
const start = (...args: string[]) =>
  spawnSync(join(ROOT, 'cardgenius'), args, { encoding: 'utf8', cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } });

test('every command stands in the table, and the table names no other', async t => {
  const program = await createProgram();
  const shown = program.commands.map(command => command.name()).filter(name => name !== 'version');
  t.deepEqual(shown.sort(), COMMANDS.map(({ name }) => name).sort());
  for (const command of program.commands) {
    t.true(command.options.length > 0 || command.commands.length > 0 || /^(version|completion)$/.test(command.name()));
  }
});

test('the wrapper of a clone finds its own Node, and messages name it', t => {
  t.regex(start('--help').stdout, /^Usage: \.\/cardgenius \[options\] \[command\]/);
  t.regex(start('help', 'run').stdout, /^Usage: \.\/cardgenius run \[options\]/);
  t.is(start('-V').stdout, start('version').stdout);
});

test('with --json an error is one object on stderr, and stdout stays empty', t => {
  const { status, stdout, stderr } = start('recommend', 'U1', '--config', 'nowhere.ts', '--json');
  t.is(status, 2);
  t.is(stdout, '');
  t.like(JSON.parse(stderr).error, { exitCode: 2 });
  t.regex(JSON.parse(stderr).error.code, /^[A-Z_]+$/);
});

test('completion knows every command and option, and bash takes the script', async t => {
  const words = wordsOf(await createProgram());
  t.true(words.get('')!.includes('run'));
  t.true(words.get('runs')!.includes('show'));
  t.true(words.get('run')!.includes('--dry-run'));
  for (const shell of ['bash', 'zsh']) execFileSync('bash', ['-n'], { input: start('completion', shell).stdout });
  const complete = `${start('completion', 'bash').stdout}\nCOMP_WORDS=(cardgenius run --dr); _cardgenius cardgenius --dr run; echo "$COMPREPLY"`;
  t.is(execFileSync('bash', { input: complete, encoding: 'utf8' }).trim(), '--dry-run');
  t.is(start('completion', 'tcsh').status, 2);
});

test('a table is cut to its terminal, text before numbers, and nowhere else', t => {
  const rows = [['CASHBACK SBI Card from SBI Card and Payment Services', '1,234.00']];
  const wide = textTable(['card', 'savings'], rows, [1]);
  t.true(wide.includes(rows[0]![0]!));
  const narrow = textTable(['card', 'savings'], rows, [1], 40).split('\n');
  t.true(narrow.every(line => line.length <= 40));
  t.regex(narrow[2]!, /… +1,234\.00$/);
});

test('each command can be called alone, also where one module defines several', async t => {
  const { commands } = await createProgram();
  for (const command of commands.filter(({ options }) => options.length > 0)) {
    const alone = (await createProgram(command.name())).commands.find(other => other.name() === command.name());
    t.is(alone?.options.length, command.options.length, command.name());
  }
});
