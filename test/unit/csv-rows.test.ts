import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type CsvForm, delimiterOf, readCsvRows } from '../../src/exchange/csv-rows.ts';
import { readGoldenCsv } from '../../src/tools/parity/golden-csv.ts';

const FOLDER = await mkdtemp(join(tmpdir(), 'cardgenius-csv-'));
let files = 0;

async function file(content: string | Buffer): Promise<string> {
  const path = join(FOLDER, `${++files}.csv`);
  await writeFile(path, content);
  return path;
}

const rowsOf = async (content: string | Buffer, form?: CsvForm) =>
  (await Array.fromAsync(readCsvRows(await file(content), form))).map(({ lineNo, cells }) => [lineNo, ...cells]);

const ROWS = [
  [1, 'a', 'b'],
  [2, '1', '2'],
];

test('UTF-16 with its mark, gzip, and sep= as the first line are read', async t => {
  t.deepEqual(await rowsOf(Buffer.from('\uFEFFa,b\r\n1,2\r\n', 'utf16le')), ROWS);
  t.deepEqual(await rowsOf(Buffer.from('\uFEFFa,b\r\n1,2\r\n', 'utf16le').swap16()), ROWS);
  t.deepEqual(await rowsOf(gzipSync('a,b\n1,2\n')), ROWS);
  t.deepEqual(await rowsOf(gzipSync('\uFEFFa,b\n1,2\n')), ROWS);
  t.deepEqual(await rowsOf('a;b\n1;2', { delimiter: ';' }), ROWS);
  for (const text of ['sep=;\r\na;b\r\n1;2', '\uFEFFsep=;\na;b\n1;2', 'SEP=,\na,b\n1,2']) {
    t.deepEqual(await rowsOf(text), [
      [2, 'a', 'b'],
      [3, '1', '2'],
    ]);
  }
  t.is(delimiterOf('tab'), '\t');
  t.throws(() => delimiterOf('::'), { code: 'CSV_FORM' });
});

const FORMS: readonly (readonly [what: string, content: Buffer, message: RegExp])[] = [
  ['.xlsx', Buffer.from('504b03041400000008000000', 'hex'), /is a ZIP, as an \.xlsx workbook is/],
  ['.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /is an \.xls workbook/],
  ['.bz2', Buffer.from('BZh91AY'), /is packed with bzip2/],
  ['UTF-16 without its mark', Buffer.from('user_id,a', 'utf16le'), /is in UTF-16 without its mark/],
  ['NULs', Buffer.alloc(8_000_000), /UTF-16 without its mark|holds NUL bytes/],
  ['a pack of a pack', gzipSync(gzipSync('a,b')), /is packed with gzip twice/],
  ['a pack of a workbook', gzipSync(Buffer.from('504b0304', 'hex')), /is a ZIP/],
];
for (const [what, content, message] of FORMS) {
  test(`what is no CSV is refused by what it is: ${what}`, async t => {
    await t.throwsAsync(rowsOf(content), { code: 'CSV_FORM', message });
    const path = await file(content);
    await t.throwsAsync(readGoldenCsv(path), { code: 'CSV_FORM', message });
  });
}

const GOOD = 'CK,1,2,3,4,5,6\n';

test('a broken row is named by the line where it begins, however far the reader was', async t => {
  const named = async (bad: string, line: number, why: RegExp) => {
    const text = GOOD.repeat(line - 1) + bad + GOOD.repeat(9_000 - line);
    const error = await t.throwsAsync(rowsOf(text), { code: 'CSV_BROKEN' });
    t.regex(error.message, new RegExp(`is not CSV from line ${line} on: `));
    t.regex(error.message, why);
  };
  await named('"CK003000"x,1,2\n', 3_000, /after a closing quote/);
  await named('"CK003000,1,2\n', 3_000, /longer than 64 KB, as it is where a quote/);
  await named('"CK008990,1,2\n', 8_990, /a quote \("\) opens there and is not closed/);
  await named('CK"3,1,2\n', 3, /a quote \("\) stands within a field[^.]*\. Correct that line/);
  const tabs = Buffer.from('\uFEFFuser_id\tname\r\nCK1\t"a\tb"\r\n', 'utf16le');
  await t.throwsAsync(rowsOf(tabs), {
    code: 'CSV_BROKEN',
    message: /separated by another character: --delimiter tab\./,
  });
});

test('a row of more than 64 KB ends the reading there, and the message holds none of it', async t => {
  const [cell, spends] = ['x'.repeat(8_000_000), '"CK0,4711,4712\n'];
  for (const content of [cell, `"${cell}"`, `a,b\n${spends}${GOOD.repeat(100_000)}`]) {
    const error = await t.throwsAsync(rowsOf(content), { code: 'CSV_BROKEN' });
    t.notRegex(error.message + String((error.cause as Error).stack), /4711|xxx/);
    t.true(error.message.length < 400);
  }
});

test('each byte of a big broken file is looked at once: the reader takes no more of it than one row', async t => {
  let taken = 0;
  const child = spawn('sh', ['-c', `printf 'a,b\\n"CK0,1\\n'; exec yes CK1,2`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const path = join(FOLDER, 'fifo');
  await promisify(execFile)('mkfifo', [path]);
  const writer = spawn('sh', ['-c', `exec cat > ${path}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdout.on('data', (bytes: Buffer) => {
    taken += bytes.length;
  });
  writer.stdin.on('error', () => {});
  child.stdout.pipe(writer.stdin);
  await t.throwsAsync(Array.fromAsync(readCsvRows(path)), { code: 'CSV_BROKEN', message: /from line 2 on/ });
  child.kill();
  await once(child, 'exit');
  t.true(taken < 4_000_000, `${taken}`);
});
