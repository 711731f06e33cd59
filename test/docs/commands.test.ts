/**
 * Every command of every document: it is known, with each of its options; and it is run, on a small embedded database or on the SQL
 * Server of the tests, unless NOT_RUN says why not.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/commands.ts';
import type { OpenedDatabase } from '../../src/database/open-database.ts';
import { cardgenius, hold, newFolder, newPlace } from '../e2e/cli.ts';
import { type MadeSpends, makeRequest, makeResponse } from '../support/api-answers.ts';
import { copyDatabase } from '../support/kept.ts';
import { applyGrants } from '../support/roles.ts';
import { createDatabase, hasSqlServer, isStandIn, NO_SERVER, startSqlServer } from '../support/sql-server.ts';
import { commandsOf, type DocumentCommand, ROOT, readDocuments } from './documents.ts';

const PROGRAM = await createProgram();

const DOCUMENTS = readDocuments();
const COMMANDS = DOCUMENTS.flatMap(commandsOf);
const SCRIPTS: Record<string, string> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;

/** Why a command is not run here. Every entry must be of use. */
const NOT_RUN: readonly [RegExp, string][] = [
  [/^npm ci/, 'what came before these tests'],
  [/^npm test$|^npm run (types|lint|test:quick)$/, 'what runs these tests'],
  [/^npm run format$/, 'writes the tree; npm run lint, which is run, fails where it would'],
  [
    /^npm run (docs:configuration|docs:recovery|docs:codes|catalog:schema)$/,
    'writes the tree; tests fail where the file is stale',
  ],
  [/npm run test:(mssql|postgres)$/, 'is these tests, on a server'],
  [/^npm run test:browser$/, 'needs a browser; a job of its own runs it'],
  [/^npm run (chaos|soak|build)$/, 'takes minutes; or is a part of npm pack'],
  [/^npm run -s bench:(fleet|run|growth|processors|alternatives|backfill|dashboard)/, 'takes minutes, or a server'],
  [/^cardgenius bench\b/, 'takes minutes; test/e2e/bench.test.ts runs it'],
  [/^npx ava /, 'is one file of these tests'],
  [/^npm pack$|^npm install |^npx --no -- cardgenius/, 'test/package/package.test.ts runs it'],
  [/node kit\.ts$/, 'test/package/package.test.ts runs it'],
  [/^cp -a (\.cardgenius|backup)/, 'test/e2e/embedded-folder.test.ts makes and restores the copy'],
  [/^cp (catalog|good|node_modules)/, 'copies a file, which these tests have ready'],
  [/^npm (pkg|publish|version)/, 'changes a package.json, or a registry'],
  [/^docker /, 'needs Docker; the release builds the image'],
  [/^(sqlcmd|tsql) /, 'needs a client; test/sql-server/migrate.test.ts feeds tsql the same script'],
  [/^(kubectl|systemctl|promtool|gh) /, 'needs a cluster, systemd, Prometheus or GitHub'],
  [/^cardgenius serve\b|main\.ts serve$/, 'runs for months; test/e2e/serve.test.ts runs it'],
  [/^cardgenius (pause|resume|cancel)\b/, 'needs a run under way; test/e2e/steering.test.ts runs it'],
  [/^cardgenius (run --dashboard|dashboard)\b/, 'serves until it is ended; test/e2e/dashboard.test.ts runs it'],
];

/** Commands of other programs that may be run here. Whatever else a document names fails until NOT_RUN says why it is not run. */
const RUN = /^npm run (-s )?(bench:engine|accuracy|licences)\b/;

/** What a reader puts in the place of a word in capitals, and sizes that a test can wait for. */
const PLACES: readonly [RegExp, string][] = [
  [/^npm start$/, 'cardgenius demo --users 400'],
  [/ NAME$/, ' weekly'],
  [/^cardgenius schedule run$/, 'cardgenius schedule run weekly'],
  [/ runs show N$/, ' runs show 1'],
  [/ --run (4[12]|N)(?= |$)/, ' --run 1'],
  [/--users \d+/, '--users 400'],
  [/--pairs \d+/, '--pairs 2000'],
  [/--rounds \d+/, '--rounds 1'],
];

/** What asks the process that has the database open; of the others, some need no database. */
const BESIDE =
  /^cardgenius (status|errors|runs|export|import|redo|retry|report|recommend CK1|schedule|alerts list|catalog (diff|export))\b/;

/** Exit codes that are not 0, and what is said. */
const REFUSED: readonly [RegExp, number, RegExp][] = [
  [/ import nope\.csv$/, 2, /\[CSV_UNREADABLE\]/],
  [/^cardgenius alerts test$/, 2, /\[NO_CHANNELS\]/],
];

const CARDGENIUS =
  /^(?:npm run -s cardgenius -- |npx --no -- cardgenius |(?:\.\/)?cardgenius |node_modules\/\.bin\/node src\/cli\/main\.ts )(.+)$/;
const isWordInCapitals = (text: string) => /\b(COMMAND|FILE|USER|CARD|URL)\b|[[\]|…]/.test(text);
const placeOf = ({ path, line, text }: DocumentCommand) => `${path}:${line}: ${text}`;

/** What is really run: the same words always are the same command. */
function effective(text: string): string {
  const same = text.replace(CARDGENIUS, 'cardgenius $1');
  return PLACES.reduce((words, [place, value]) => words.replace(place, value), same);
}

/** Those that a reader types on SQL Server: after such an address was exported, or in the guides that are about it. */
const ON_SERVER = ['docs/sql-server.md', 'docs/dba-guide.md', 'docs/production.md', 'docs/upgrade.md'];
function isOnServer(command: DocumentCommand): boolean {
  if (ON_SERVER.includes(command.path)) return true;
  const block = DOCUMENTS.find(({ path }) => path === command.path)!.blocks.find(
    ({ line, lines }) => command.line >= line && command.line < line + lines.length,
  );
  return command.isBlock && (block?.lines.some(line => /^export .*mssql:/.test(line)) ?? false);
}

/** The command and the options that the words name, as commander knows them; a word about it where it does not. */
function unknownIn(words: string): string | undefined {
  let command: Command = PROGRAM;
  const tokens = words
    .replace(/[[\]|]/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
  for (const token of tokens) {
    const next = command.commands.find(other => other.name() === token);
    if (next === undefined) break;
    command = next;
  }
  // `runs` alone is `runs list`.
  const standard = command.commands.find(other => other.name() === 'list');
  if (command.parent !== null && standard !== undefined) command = standard;
  if (command.parent === null && tokens[0]?.startsWith('-') !== true) return `no command ${tokens[0]}`;
  const known = new Set(['--help', ...command.options.flatMap(({ long, short }) => [long, short])]);
  const wrong = tokens.find(token => /^-{1,2}[a-z]/.test(token) && !known.has(token.split('=')[0]!));
  return wrong === undefined ? undefined : `${command.name()} has no ${wrong}`;
}

const NAMES = PROGRAM.commands.map(command => command.name());

test('every command that a document names is there, with each of its options', t => {
  let count = 0;
  for (const command of COMMANDS) {
    const [, words] = CARDGENIUS.exec(command.text) ?? [];
    const [, script] = /^(?:\w+=\S+ )?npm run (?:-s )?([\w:]+)/.exec(command.text) ?? [];
    if (words !== undefined && !/^COMMAND/.test(words)) t.is(unknownIn(words), undefined, placeOf(command));
    if (script !== undefined) t.true(script in SCRIPTS, `${placeOf(command)}: no such script`);
    count++;
  }
  // Words like `migrate --plan` and `run [--limit N]`, without the program's name.
  const short = new RegExp(`\`((?:${NAMES.join('|')}) [^\`\\n]*--[^\`\\n]*)\``, 'g');
  for (const { path, text } of DOCUMENTS) {
    for (const [, words] of text.matchAll(short)) {
      t.is(unknownIn(words!.replaceAll('\\|', '|')), undefined, `${path}: ${words}`);
      count++;
    }
  }
  t.log(`${count} commands named`);
});

test('every command is named in a document; its options are in --help', t => {
  const all = DOCUMENTS.map(({ text }) => text).join('\n');
  const walk = (command: Command, name: string) => {
    if (command.commands.length > 0)
      for (const child of command.commands) walk(child, `${name} ${child.name()}`.trim());
    else t.regex(all, new RegExp(`\\b${name}\\b`), `no document names ${name}`);
  };
  walk(PROGRAM, '');
});

test('no document sends anybody to the registry for a package that is not ours', t => {
  for (const { path, text } of DOCUMENTS) {
    t.notRegex(text, /\bnpx (?:--yes |-y )?cardgenius\b|npm (?:install|i) cardgenius\b/, path);
  }
});

test('every script has its line in CONTRIBUTING', t => {
  const guide = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const named = (name: string) => new RegExp(`(npm (run (-s )?)?|\`)${name}\\b`).test(guide);
  const inner = ['start', 'cardgenius', 'prepack', 'postpack']; // the README's, and npm's own
  t.deepEqual(
    Object.keys(SCRIPTS).filter(name => !inner.includes(name) && !named(name)),
    [],
  );
});

test('npm start is the demo that is run here in its place', t => {
  t.is(SCRIPTS.start, 'node src/cli/main.ts demo');
});

test('every entry of the tables here is of use', t => {
  for (const [pattern, reason] of NOT_RUN) {
    t.true(
      COMMANDS.some(({ text }) => pattern.test(effective(text)) || pattern.test(text)),
      `${pattern}: ${reason}`,
    );
    const [file] = /test\/\S+\.ts/.exec(reason) ?? [];
    if (file !== undefined) t.true(existsSync(join(ROOT, file)), file);
  }
  for (const [pattern] of [...PLACES, ...REFUSED]) {
    t.true(
      COMMANDS.some(({ text }) => pattern.test(text) || pattern.test(text.replace(CARDGENIUS, 'cardgenius $1'))),
      `${pattern}`,
    );
  }
});

/** To run, each once, in the order of the documents. */
function toRun(commands: readonly DocumentCommand[]): DocumentCommand[] {
  const seen = new Set<string>();
  return commands.filter(({ text, answer }) => {
    const key = effective(text);
    const skip =
      /^export /.test(text) ||
      NOT_RUN.some(([pattern]) => pattern.test(text) || pattern.test(key)) ||
      key === 'npm run' ||
      isWordInCapitals(text) ||
      (seen.has(key) && answer.length === 0);
    if (!skip) seen.add(key);
    return !skip;
  });
}

/** As it was shown, but for times and speeds. */
const timeless = (text: string) => text.replace(/in [\d.]+ s, [\d,]+ users\/s/g, 'in … s, … users/s').trimEnd();

async function runIt(
  t: ExecutionContext,
  command: DocumentCommand,
  at: { cwd: string; database: string },
  standIn = false,
): Promise<void> {
  const text = effective(command.text);
  const [, words] = /^cardgenius (.+)$/.exec(text) ?? [];
  const [, exitCode, said] = REFUSED.find(([pattern]) => pattern.test(text)) ?? [undefined, 0, undefined];
  if (words === undefined) {
    if (!RUN.test(text)) return t.fail(`${placeOf(command)}: say in NOT_RUN why it is not run`);
    await t.notThrowsAsync(promisify(execFile)('bash', ['-c', text], { cwd: ROOT }), placeOf(command));
    return;
  }
  const [line, file] = words.split(' > ') as [string, string | undefined];
  // The demo has a database of its own, and so has who looks at its first user.
  const where = /^demo|^recommend CK0000001$/.test(line) ? { ...at, database: 'pglite:demo' } : at;
  const result = await cardgenius(line.split(' '), where);
  // A stand-in knows no VIEW DEFINITION: doctor finds that, and says so.
  const found = standIn && line === 'doctor' && result.code === 1 ? 0 : result.code;
  t.is(found, exitCode, `${placeOf(command)}\n${result.stdout}${result.stderr}`);
  if (said !== undefined) t.regex(result.stderr, said);
  if (file !== undefined) await writeFile(join(at.cwd, file), result.stdout);
  if (command.answer.length > 0) {
    const shown = timeless(command.answer.join('\n'));
    t.true(
      timeless(`${result.stdout}${result.stderr}`).includes(shown),
      `${placeOf(command)}\n${result.stdout}${result.stderr}`,
    );
  }
}

test('the commands for the embedded database, in the order of the documents', async t => {
  t.timeout(600_000);
  const at = await newPlace();
  await prepare(at.cwd);
  await copyDatabase('new', join(at.cwd, 'demo'));
  // The guide's own database comes first: what it shows are the first runs of it.
  const order = (command: DocumentCommand) => (command.path === 'docs/getting-started.md' ? 0 : 1);
  const commands = COMMANDS.filter(command => !isOnServer(command)).toSorted((a, b) => order(a) - order(b));
  const run = toRun(commands);
  const looks = (command: DocumentCommand | undefined) => command !== undefined && BESIDE.test(effective(command.text));
  let held: OpenedDatabase | undefined;
  for (const [i, command] of run.entries()) {
    // Of several that look one after the other, none opens the database for itself.
    if (!looks(command)) {
      await held?.database.close();
      held = undefined;
    } else if (held === undefined && looks(run[i + 1])) held = await hold(at);
    await runIt(t, command, at);
  }
  await held?.database.close();
  const rejects = await readFile(join(at.cwd, 'mixed.csv.rejects.csv'), 'utf8');
  const [shown] = DOCUMENTS.find(({ path }) => path === 'docs/getting-started.md')!.blocks.filter(({ lines }) =>
    lines[0]!.startsWith('line,user_id,reason'),
  );
  t.true(rejects.startsWith(shown!.lines.join('\n')), rejects);
  t.log(`${run.length} run, of ${commands.length} named`);
});

if (hasSqlServer()) {
  test('the commands for SQL Server, in the order of the documents', async t => {
    t.timeout(600_000);
    await using server = await startSqlServer();
    await using place = await createDatabase(server);
    const at = { cwd: await newFolder(), database: place.url };
    await prepare(at.cwd);
    t.is((await cardgenius(['migrate'], at)).code, 0);
    await applyGrants(place);
    t.is((await cardgenius(['import', 'spends.csv'], at)).code, 0);
    const commands = COMMANDS.filter(isOnServer);
    const run = toRun(commands);
    for (const command of run) await runIt(t, command, at, await isStandIn(place));
    t.log(`${run.length} run on SQL Server, of ${commands.length} named`);
  });
} else {
  test.skip(NO_SERVER, () => {});
}

/** The files that the documents' commands read. */
async function prepare(cwd: string): Promise<void> {
  const guide = DOCUMENTS.find(({ path }) => path === 'docs/getting-started.md')!;
  const spends = guide.blocks.find(({ lines }) => lines[0]!.startsWith('user_id,avg_amazon_gmv') && lines.length > 2)!;
  await writeFile(join(cwd, 'spends.csv'), `${spends.lines.join('\n')}\n`);
  await writeFile(join(cwd, 'mixed.csv'), `${[spends.lines[0], ...MIXED].join('\n')}\n`);
  await writeFile(
    join(cwd, 'cron.config.ts'),
    await readFile(join(ROOT, 'cron.config.ts'), 'utf8').then(withoutImport),
  );
  await mkdir(join(cwd, 'catalog'));
  for (const name of ['catalog/cards.json', 'next.json']) await cp(join(ROOT, 'catalog/cards.json'), join(cwd, name));
  await mkdir(join(cwd, 'answers'));
  const { cards } = JSON.parse(await readFile(join(ROOT, 'catalog/cards.json'), 'utf8'));
  const sent: MadeSpends = {
    amazon_spends: 9_000,
    flipkart_spends: 4_000,
    grocery_spends_online: 2_000,
    other_online_spends: 500,
  };
  const answer = { request: makeRequest(sent), response: makeResponse(cards, sent, { year: 2025 }) };
  await writeFile(join(cwd, 'answers/CK1000001.json'), JSON.stringify(answer));
}

/** A folder without node_modules cannot import the package by its name. */
const withoutImport = (text: string) =>
  text.replace(/^import .*\n/m, 'const defineConfig = <T>(config: T): T => config;\n');

/** One good row, and one of each fault that the guide lists. */
const MIXED = [
  'CK2000001,1,1,1,1,1,5',
  'CK2000002,-5.00,1,1,1,1,1',
  'CK2000003,12000000,1,1,1,1,1',
  'CK2000004,"1,000",1,1,1,1,1',
  'CK2000005,₹100,1,1,1,1,1',
  'CK2000006,1e3,1,1,1,1,1',
  'CK2000007,+5,1,1,1,1,1',
  'CK2000008,10.125,1,1,1,1,1',
  ',1,1,1,1,1,1',
  'CK2000001,2,2,2,2,2,10',
  'CKÄ2000006,1,1,1,1,1,1',
  `CK${'9'.repeat(49)},1,1,1,1,1,1`,
  'CK2000009,1,1,1,1,1',
  '=CK2000010,-1,1,1,1,1,1',
];
