import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { describeAlert } from '../../src/cli/alerts-command.ts';
import { COMMANDS, createProgram } from '../../src/cli/commands.ts';
import { wordsOf } from '../../src/cli/completion-command.ts';
import { describeHeld } from '../../src/cli/errors-command.ts';
import { findCard } from '../../src/cli/find-card.ts';
import { describeStatus } from '../../src/cli/status-command.ts';
import { textTable } from '../../src/cli/table.ts';
import { CODES, remedyOf } from '../../src/model/codes.ts';
import { type RunProgress, userNamedIn } from '../../src/model/run.ts';

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

test('the wrapper of a clone without packages asks for npm ci', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-clone-'));
  await copyFile(join(ROOT, 'cardgenius'), join(folder, 'cardgenius'));
  const { status, stdout, stderr } = spawnSync(join(folder, 'cardgenius'), ['status'], { encoding: 'utf8' });
  t.deepEqual([status, stdout], [2, '']);
  t.regex(
    stderr,
    /^cardgenius: There is no Node 24 with the packages of \S+: run npm ci there, .* \[NOT_INSTALLED\]\n$/,
  );
});

test('with --json an error is one object on stderr, and stdout stays empty', t => {
  const { status, stdout, stderr } = start('recommend', 'U1', '--config', 'nowhere.ts', '--json');
  t.is(status, 2);
  t.is(stdout, '');
  t.like(JSON.parse(stderr).error, { exitCode: 2 });
  t.regex(JSON.parse(stderr).error.code, /^[A-Z_]+$/);
});

test('a word that names no command or option is an error with its code, what may be meant and where to look, with help before it or not', t => {
  for (const [words, stderr] of [
    [['foo'], "cardgenius: Unknown command 'foo'. To look: ./cardgenius help [COMMAND_LINE]\n"],
    [['help', 'foo'], "cardgenius: Unknown command 'foo'. To look: ./cardgenius help [COMMAND_LINE]\n"],
    [['help', 'statsu'], "cardgenius: Unknown command 'statsu'. Did you mean status? To look: ./cardgenius help [COMMAND_LINE]\n"],
    [['help', 'runs', 'shwo'], "cardgenius: Unknown command 'shwo'. Did you mean show? To look: ./cardgenius help runs [COMMAND_LINE]\n"],
    [['run', '--lmit', '3'], "cardgenius: Unknown option '--lmit'. Did you mean --limit? To look: ./cardgenius help run [COMMAND_LINE]\n"],
    [['runs', 'show'], "cardgenius: Missing required argument 'run'. To look: ./cardgenius help runs show [COMMAND_LINE]\n"],
  ] as const) t.like(start(...words), { status: 2, stdout: '', stderr }); // biome-ignore format: a table
  const { error } = JSON.parse(start('rum', '--json').stderr);
  t.like(error, { code: 'COMMAND_LINE', exitCode: 2 });
  t.regex(error.message, /^Unknown command 'rum'\. Did you mean run\?/);
  t.regex(start('help', 'runs', 'show').stdout, /^Usage: \.\/cardgenius runs show /);
  t.is(start('help').status, 0);
});

const CARDS = [
  { id: 'sbi_cashback', name: 'CASHBACK SBI Card' },
  { id: 'axis_ace', name: 'Axis Bank ACE Credit Card' },
  { id: 'au_nomo', name: 'AU Bank NOMO' },
  { id: 'axis_atlas', name: 'Axis Bank Atlas', displayName: 'Atlas' },
];

test('a card that is none: those that are named nearly so are offered, and others never', async t => {
  for (const near of ['kashback sbi', 'sbi cashbak', 'CASHBAKC_SBI']) {
    const message = `No card is named "${near}". Did you mean sbi_cashback?`;
    await t.throwsAsync(findCard(CARDS, near), { code: 'NO_SUCH_CARD', message }, near);
  }
  await t.throwsAsync(findCard(CARDS, 'axes'), { message: /Did you mean axis_ace or axis_atlas\?$/ });
  const message =
    'No card is named "Foo", and none nearly so. Its id, its name or a part of either is enough; ids are sbi_cashback, axis_ace, au_nomo and 1 more.';
  await t.throwsAsync(findCard(CARDS, 'Foo'), { code: 'NO_SUCH_CARD', message });
  t.is((await findCard(CARDS, 'nomo')).id, 'au_nomo');
  t.is((await findCard(CARDS, 'AU nomo')).id, 'au_nomo', 'each of its words, though not side by side');
  t.is((await findCard(CARDS, 'SBI Cashback')).id, 'sbi_cashback');
  await t.throwsAsync(findCard(CARDS, 'bank axis'), { message: /Did you mean axis_ace or axis_atlas/ });
});

test('a table whose last column is text wraps it, and loses nothing', t => {
  const ids = Array.from({ length: 20 }, (_, i) => `sbi_card_${i}`).join(', ');
  const lines = textTable(['kind', 'what'], [['never-ranks', `not among the ten: ${ids}`]], [], 40).split('\n');
  t.true(lines.length > 5 && lines.every(line => line.length <= 40), lines.join('\n'));
  const text = lines.slice(2).map(line => line.slice('never-ranks  '.length));
  t.is(text.join(' '), `not among the ten: ${ids}`);
  t.deepEqual(
    textTable(['', 'x'], [['a', 'y'.repeat(30)]], [], 20)
      .split('\n')
      .slice(2),
    [`a  ${'y'.repeat(17)}`, `   ${'y'.repeat(13)}`],
  );
});

test('catalog check fits 80 columns where no terminal says how wide it is', t => {
  const { stdout } = start('catalog', 'check', '--users', '20');
  const [table] = stdout.split('\n\n');
  t.true(
    table!.split('\n').every(line => line.length <= 80),
    table,
  );
  t.true(table!.includes('onecard'));
});

test('an alert in the list is open since, or over from and to, and then it said what it says', t => {
  const openedAt = new Date('2026-11-23T02:00:00Z');
  const alert = { rule: 'error_rate', subject: 'run 1', severity: 'critical', message: '2 % fail.', openedAt } as const;
  t.is(
    describeAlert({ ...alert, closedAt: null }),
    'open  critical  error_rate: run 1, since 2026-11-23T02:00:00.000Z\n                2 % fail.\n                Look at: cardgenius errors',
  );
  t.is(
    describeAlert({ ...alert, closedAt: new Date('2026-11-23T02:20:00Z') }),
    'over  critical  error_rate: run 1, from 2026-11-23T02:00:00.000Z to 2026-11-23T02:20:00.000Z\n                It said: 2 % fail.',
  );
});

test('errors names the user that a paused run speaks of, and how to see why a gate is shut', t => {
  const reason =
    'GATE_FAILED_SHARE: 60 of the first 1000 users have failed. Most in chunk 2 (60): ENGINE_FAILED, e.g. user number 7.';
  t.deepEqual(userNamedIn(reason), { chunkNo: 2, userNo: 7 });
  t.deepEqual(userNamedIn('REFUSED_DECISION: chunk 3 of run 9, user number 12: the database refuses'), {
    chunkNo: 3,
    userNo: 12,
  });
  t.is(userNamedIn('GATE_FIRST_CARDS: 800 of 2000 users looked at'), undefined);
  t.regex(
    describeHeld({ runId: 9, reason, userId: 'CK 7' }),
    /user number 7\.\nThe user that it names is CK 7\. To see why: cardgenius recommend 'CK 7'$/,
  );
  t.notRegex(describeHeld({ runId: 9, reason: 'REFUSED_DECISION: chunk 3', userId: 'CK7' }), /recommend/);
  t.regex(describeHeld({ runId: 9, reason, userId: null }), /no longer in the chunk\.$/);
});

test('with an engine of one’s own each look and each way on names a command that works there', t => {
  const builtInOnly = /--explain|--why-not|catalog /;
  const codes = CODES.flatMap(([codes]) => codes).filter(code => remedyOf(code, undefined) !== undefined);
  t.true(codes.length > 8);
  for (const code of codes) {
    const { look, goOn } = remedyOf(code, './our-engine.ts')!;
    t.notRegex(`${look}; ${goOn}`, builtInOnly, code);
  }
  const reason = 'GATE_FIRST_CARDS: 800 of 2000 users looked at would be given another first card.';
  t.regex(remedyOf(reason, undefined)!.look, builtInOnly);
  t.regex(remedyOf(reason, './our-engine.ts')!.look, /^cardgenius run --dry-run --all .*; cardgenius recommend USER; /);
  const run = {
    runId: 1,
    state: 'paused',
    reason,
    plannedUsers: 2000,
    completed: 0,
    failed: 0,
    startedAt: new Date(0),
    finishedAt: null,
  };
  const users = { new: 0, pending: 0, completed: 0, failed: 0, other: 0 };
  const statusOf = (enginePath?: string) =>
    describeStatus(users, run as unknown as RunProgress, [], new Date(0), undefined, enginePath);
  t.regex(statusOf(), /look {3}.*catalog diff/);
  t.regex(statusOf(), /is paused \(GATE_FIRST_CARDS: .* another first card\): /);
  t.notRegex(statusOf('./our-engine.ts'), builtInOnly);
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
