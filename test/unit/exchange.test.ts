import { lstat, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { RejectsFile } from '../../src/exchange/rejects-file.ts';
import { inventUser } from '../../src/exchange/seed-spending.ts';
import { type ParsedLine, readSpendingCsv } from '../../src/exchange/spending-csv.ts';
import { CsvFile, writeCsv } from '../../src/exchange/write-csv.ts';
import { UsageError } from '../../src/model/errors.ts';
import { formatHundredths, formatRupees, formatTenThousandths, parseHundredths } from '../../src/model/money.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
const LIMIT = 1_000_000_000;

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cardgenius-exchange-'));
}

async function parse(text: string | Buffer): Promise<ParsedLine[]> {
  const path = join(await folder(), 'spends.csv');
  await writeFile(path, text);
  return Array.fromAsync(readSpendingCsv(path, LIMIT));
}

const reasons = (lines: readonly ParsedLine[]) =>
  lines.map(line => ('bad' in line ? `${line.bad.lineNo}: ${line.bad.reason}` : `${line.good.lineNo}: good`));

test('a good row is whole paise, an empty amount is NULL', async t => {
  t.deepEqual(await parse(`${HEADER}\nCK1,1.5,,0,0.01,10000000.00,7\n`), [
    { good: { lineNo: 2, userId: 'CK1', amounts: [150, null, 0, 1, 1_000_000_000, 700] } },
  ]);
});

test('a decimal comma is told as that, and a thousand with a comma is not', async t => {
  const row = (amount: string) => parse(`${HEADER}\nCK1,"${amount}",0,0,0,0,1`);
  for (const amount of ['12,5', '1234,50', '1.234,50', '-1,25'])
    t.regex(reasons(await row(amount))[0]!, /avg_amazon_gmv has a decimal comma: .* decimal point/, amount);
  for (const amount of ['1,234', '1,234.50', '12,5x'])
    t.regex(reasons(await row(amount))[0]!, /is not a plain decimal/, amount);
});

test('a column to rename is named as it stands in the file', async t => {
  const error = await t.throwsAsync(parse(HEADER.replace('user_id', 'User ID')), { code: 'CSV_HEADER' });
  t.regex(error.message, /Rename "User ID" to user_id\./);
});

test('BOM, CRLF, other orders, other columns, quotes and blanks around an id', async t => {
  const text =
    '\uFEFFnote,AVG_CONFIRMED_GMV , "avg_grocery_gmv",avg_ajio_gmv,avg_myntra_gmv,avg_flipkart_gmv,avg_amazon_gmv,user_id\r\n' +
    '"hi, there",6,5,4,3,2,1,"  CK 1 "\r\n';
  t.deepEqual(await parse(text.replace(' "avg_grocery_gmv"', 'avg_grocery_gmv')), [
    { good: { lineNo: 2, userId: 'CK 1', amounts: [100, 200, 300, 400, 500, 600] } },
  ]);
});

test('every kind of bad row is told with its line and reason, and the good ones go in', async t => {
  const long = 'C'.repeat(51);
  const rows = [
    ',1,1,1,1,1,1',
    `${long},1,1,1,1,1,1`,
    'CKé,1,1,1,1,1,1',
    'CK\u0007,1,1,1,1,1,1',
    'CK5,"1,234.00",1,1,1,1,1',
    'CK6,1e3,1,1,1,1,1',
    'CK7,₹5,1,1,1,1,1',
    'CK8,1,NaN,1,1,1,1',
    'CK9,1,1,1.234,1,1,1',
    'CK10,1,1,1,-0.01,1,1',
    'CK11,1,1,1,1,10000000.01,1',
    'CK12,1,1,1,1,1',
    'CK13,1,1,1,1,1,1,1',
    'CK14,1,1,1,1,1,1',
  ];
  t.deepEqual(reasons(await parse(`${HEADER}\n${rows.join('\n')}\n`)), [
    '2: user_id is missing',
    '3: user_id is longer than 50 characters',
    '4: user_id is not printable ASCII',
    '5: user_id is not printable ASCII',
    '6: avg_amazon_gmv is not a plain decimal: "1,234.00"',
    '7: avg_amazon_gmv is shortened with an exponent: "1e3"; write it out',
    '8: avg_amazon_gmv is not a plain decimal: "₹5"',
    '9: avg_flipkart_gmv is no amount: "NaN"; leave it empty where there is none',
    '10: avg_myntra_gmv has more than two decimals: "1.234"',
    '11: avg_ajio_gmv is negative: -0.01',
    '12: avg_grocery_gmv is above the limit of 10000000.00: 10000000.01',
    '13: 6 fields, but the header has 7',
    '14: 8 fields, but the header has 7; an amount with commas stands in quotes, or without its commas',
    '15: good',
  ]);
});

test('lines are the file’s own, also after quoted line breaks and blank lines', async t => {
  const text = `${HEADER},note\n\nCK1,1,1,1,1,1,1,"two\nlines"\n\nCK2,x,1,1,1,1,1,\nCK3,1,1,1,1,1,1,"a\r\nb\r\nc"\nCK4,1,1,1,1,1,1,\n`;
  t.deepEqual(reasons(await parse(text)), [
    '3: good',
    '6: avg_amazon_gmv is not a plain decimal: "x"',
    '7: good',
    '10: good',
  ]);
});

test('a file without a usable header, a folder, a missing file and broken quotes are one sentence each', async t => {
  const inFolder = await folder();
  await t.throwsAsync(parse(''), { instanceOf: UsageError, message: /is empty\. Its first line must name/ });
  await t.throwsAsync(parse('user_id,avg_amazon_gmv\n'), {
    instanceOf: UsageError,
    message: /has no column avg_flipkart_gmv, /,
  });
  await t.throwsAsync(parse('N1,1,2.50,3,4,5,20\nN2,1,2,3,4,5,20\n'), {
    message: /^\S+ has no header: its first line looks like a row \(N1, 1, 2\.50 …\)\. Its first line must name/,
  });
  await t.throwsAsync(parse('userid;amazon;flipkart;myntra;ajio;grocery;confirmed\nN1;1;2;3;4;5;20\n'), {
    message: /^\S+ is separated by semicolons: say so with --delimiter/,
  });
  for (const [separator, form] of [
    [';', /^\S+ is separated by semicolons: say so with --delimiter ';'\. .* separated by commas, in UTF-8\.$/],
    ['\t', /^\S+ is separated by tabs: /],
    ['|', /^\S+ is separated by bars: /],
  ] as const) {
    await t.throwsAsync(parse(`\uFEFF${HEADER.replaceAll(',', separator)}\n`), {
      instanceOf: UsageError,
      message: form,
    });
  }
  await t.throwsAsync(parse(`${HEADER},user_id\n`), { instanceOf: UsageError, message: /has two columns user_id/ });
  await t.throwsAsync(Array.fromAsync(readSpendingCsv(inFolder, LIMIT)), {
    instanceOf: UsageError,
    message: /is a folder/,
  });
  await t.throwsAsync(Array.fromAsync(readSpendingCsv(join(inFolder, 'no.csv'), LIMIT)), {
    instanceOf: UsageError,
    message: /does not exist/,
  });
  await t.throwsAsync(parse(`${HEADER}\n"CK1,1,1,1,1,1,1\nCK2,1,1,1,1,1,1\n`), {
    instanceOf: UsageError,
    message: /is not CSV from line 2 on/,
  });
});

test('whatever text a field holds, its row is either good to the paisa or rejected with its line', async t => {
  const field = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.constantFrom('', '0', '1.10'),
  );
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(fc.array(field, { minLength: 7, maxLength: 7 }), async fields => {
      const lines = await parse(`${HEADER}\n${fields.map(quoted).join(',')}\n`);
      for (const line of lines) {
        if ('bad' in line) {
          t.is(line.bad.lineNo, 2);
          t.true(line.bad.reason.length > 0);
        } else {
          const { userId, amounts } = line.good;
          t.regex(userId, /^[\x20-\x7e]{1,50}$/);
          for (const amount of amounts)
            t.true(amount === null || (Number.isSafeInteger(amount) && amount >= 0 && amount <= LIMIT));
        }
      }
      t.true(lines.length <= 1);
    }),
    { numRuns: 150 },
  );
});

test('rejects: by line, with the row; no file where nothing was rejected, an old one goes, a formula is defused', async t => {
  const path = join(await folder(), 'x.csv.rejects.csv');
  await writeFile(path, 'old');
  const none = new RejectsFile(path);
  t.is(await none.finish(), null);
  await t.throwsAsync(stat(path));

  const some = new RejectsFile(path);
  await some.add({ lineNo: 8, userId: '\u001b[2J\u009b1A', reason: 'a \u202e mark', row: ['\u001b[2J', '1,000', '2'] });
  await some.add({ lineNo: 7, userId: '=1+1', reason: 'because, "so"' });
  t.is(await some.finish(), path);
  t.is(
    await readFile(path, 'utf8'),
    'line,user_id,reason,row\n7,\'=1+1,"because, ""so""",\n8,\\u001b[2J\\u009b1A,a \\u202e mark,"\\u001b[2J,""1,000"",2"\n',
  );
});

test('rejects: rows of 64 KB are written as they come, and not all kept in memory to be put in order', async t => {
  const path = join(await folder(), 'x.csv.rejects.csv');
  const rejects = new RejectsFile(path);
  const row = ['y'.repeat(65_000)];
  for (let lineNo = 401; lineNo > 1; lineNo--) await rejects.add({ lineNo, userId: 'A', reason: 'too long', row });
  await rejects.finish();
  const lines = (await readFile(path, 'utf8'))
    .split('\n')
    .slice(1, -1)
    .map(line => Number.parseInt(line, 10));
  t.is(lines.length, 400);
  t.not(lines[0], 2, 'the first lines were written before the last came');
});

test('a CSV for people defuses formulas and leaves amounts; one for a machine is exact', async t => {
  const path = join(await folder(), 'x.csv');
  const rows = [['=cmd', '+1', '@a', '-a', '-12.50', '-0', 'a=b', '\tx', '']];
  const header = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  t.is(await writeCsv(path, header, rows), 1);
  t.is(await readFile(path, 'utf8'), "a,b,c,d,e,f,g,h,i\n'=cmd,'+1,'@a,'-a,-12.50,-0,a=b,'\tx,\n");
  await writeCsv(path, header, rows, { exact: true });
  t.is(await readFile(path, 'utf8'), 'a,b,c,d,e,f,g,h,i\n=cmd,+1,@a,-a,-12.50,-0,a=b,\tx,\n');
  await writeCsv(path, ['a', 'b'], []);
  t.is(await readFile(path, 'utf8'), 'a,b\n');
});

test('a CSV that cannot be written is one code and leaves nothing behind; what the rows throw is thrown', async t => {
  const inFolder = await folder();
  await mkdir(join(inFolder, 'd'));
  const refused = { instanceOf: UsageError, code: 'CSV_UNWRITABLE' };
  for (const name of ['d', 'nope/x.csv']) await t.throwsAsync(writeCsv(join(inFolder, name), ['a'], []), refused, name);

  // Written row by row, so that a folder which goes meanwhile is told where it is: after many rows, or at the end.
  const rejects = new CsvFile(join(inFolder, 'nope/x.csv'), ['a']);
  await t.throwsAsync(async () => {
    for (let i = 0; i < 100_000; i++) await rejects.add(['x'.repeat(100)]);
  }, refused);
  await rejects.discard();
  await t.throwsAsync(new CsvFile(join(inFolder, 'nope/x.csv'), ['a']).finish(), refused);
  const onFolder = new CsvFile(join(inFolder, 'd'), ['a']);
  await t.throwsAsync(onFolder.finish(), refused);
  await onFolder.discard();

  async function* rows() {
    yield ['1'];
    throw new Error('the database is gone');
  }
  await t.throwsAsync(writeCsv(join(inFolder, 'x.csv'), ['a'], rows()), { message: 'the database is gone' });
  t.deepEqual(await readdir(inFolder), ['d']);
});

test('seed: the same seed gives the same users, whatever their number', t => {
  t.deepEqual(inventUser(17, 5), inventUser(17, 5));
  t.notDeepEqual(inventUser(17, 5).amounts, inventUser(17, 6).amounts);
  const users = Array.from({ length: 3000 }, (_, i) => inventUser(i + 1, 1));
  t.is(new Set(users.map(user => user.userId)).size, 3000);
  t.true(users.every(user => /^CK\d{7}$/.test(user.userId)));
  const amounts = users.flatMap(user => user.amounts);
  const zeros = amounts.filter(amount => amount === 0).length / amounts.length;
  const unknown = amounts.filter(amount => amount === null).length / amounts.length;
  t.true(zeros > 0.2 && zeros < 0.6, `zeros: ${zeros}`);
  t.true(unknown > 0.005 && unknown < 0.05, `unknown: ${unknown}`);
  t.true(
    amounts.every(
      amount => amount === null || (Number.isSafeInteger(amount) && amount >= 0 && amount <= 1_800_000_000),
    ),
  );
});

test('money: what is written is what is read', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999_999_999_999 }),
      paise => parseHundredths(formatHundredths(paise)) === paise,
    ),
  );
  for (const wrong of ['', '.5', '5.', '+5', '1 000', '1,000', '1e3', '0x10', '1.234', 'NaN', '٣', '12345678901234']) {
    t.is(parseHundredths(wrong), undefined, wrong);
  }
  t.is(parseHundredths('-0'), 0);
  t.is(formatHundredths(-5), '-0.05');
  t.is(formatTenThousandths(2500), '0.2500');
  t.is(formatRupees(1_234_567_890), '₹1,23,45,678.90');
  t.is(formatRupees(-99_900), '-₹999.00');
});

test('rejects: a link that another user laid in their place is replaced, and what it leads to stays', async t => {
  const inFolder = await folder();
  const path = join(inFolder, 'x.csv.rejects.csv');
  await writeFile(join(inFolder, 'precious'), 'precious');
  await symlink('precious', path);
  const rejects = new RejectsFile(path);
  await rejects.add({ lineNo: 2, userId: 'CK1', reason: 'wrong' });
  await rejects.finish();
  t.is(await readFile(join(inFolder, 'precious'), 'utf8'), 'precious');
  t.true((await lstat(path)).isFile());
});
