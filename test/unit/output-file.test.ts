import { execFile } from 'node:child_process';
import { chmod, lstat, mkdtemp, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { OutputFile } from '../../src/exchange/output-file.ts';
import { writeCsv } from '../../src/exchange/write-csv.ts';
import { writeWhole } from '../../src/exchange/write-whole.ts';

const run = promisify(execFile);
const newFolder = () => mkdtemp(join(tmpdir(), 'cardgenius-output-'));
const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

test('a device is written through, and stays one', async t => {
  const before = await stat('/dev/null');
  // Another name of the device, so that a mistake of the writer does not take the machine's own.
  const link = join(await newFolder(), 'null');
  await symlink('/dev/null', link);
  t.is(await writeCsv(link, ['a'], [['1'], ['2']]), 2);
  await writeWhole(link, 'text');
  t.true((await stat(link)).isCharacterDevice());
  t.true((await lstat(link)).isSymbolicLink());
  t.is((await stat('/dev/null')).ino, before.ino);
});

test('a FIFO is written through: its reader gets the rows, and it stays one', async t => {
  const path = join(await newFolder(), 'fifo');
  await run('mkfifo', [path]);
  const read = run('cat', [path]);
  await writeCsv(path, ['a'], [['1'], ['2']]);
  t.is((await read).stdout, 'a\n1\n2\n');
  t.true((await stat(path)).isFIFO());
});

test('a descriptor is written through: what a shell opened for appending is appended to, by every name of it', async t => {
  const folder = await newFolder();
  const writer = join(import.meta.dirname, '../../src/exchange/write-csv.ts');
  await symlink('/proc/self/fd/3', join(folder, 'link'));
  for (const path of ['/dev/fd/3', '/proc/self/fd/3', '/dev/../dev/fd/3', join(folder, 'link')]) {
    const log = join(folder, 'log');
    await writeFile(log, 'precious\n');
    const { ino } = await stat(log);
    const code = `await (await import(${JSON.stringify(writer)})).writeCsv(${JSON.stringify(path)}, ['a'], [['1'], ['2']])`;
    await run('bash', ['-c', `"$0" --input-type=module -e "$1" 3>>log; echo end >> log`, process.execPath, code], {
      cwd: folder,
    });
    t.is(await readFile(log, 'utf8'), 'precious\na\n1\n2\nend\n', path);
    t.is((await stat(log)).ino, ino, path);
  }
  const toStderr = `await (await import(${JSON.stringify(writer)})).writeCsv('/dev/stderr', ['a'], [['1']])`;
  await run('bash', ['-c', '"$0" --input-type=module -e "$1" 2>>log', process.execPath, toStderr], { cwd: folder });
  t.is(await readFile(join(folder, 'log'), 'utf8'), 'precious\na\n1\n2\nend\na\n1\n');
  t.deepEqual((await readdir(folder)).sort(), ['link', 'log']);
});

test('a descriptor that this process has opened for itself is no output', async t => {
  const path = join(await newFolder(), 'own');
  await writeFile(path, 'precious');
  await using own = await open(path, 'r+');
  await t.throwsAsync(writeCsv(`/dev/fd/${own.fd}`, ['a'], [['1']]), {
    code: 'CSV_UNWRITABLE',
    message: /was not handed/,
  });
  t.is(await readFile(path, 'utf8'), 'precious');
});

test('a link is followed, also one whose file is not there yet', async t => {
  const folder = await newFolder();
  await writeFile(join(folder, 'old'), 'old');
  await symlink('old', join(folder, 'link'));
  await symlink('new', join(folder, 'coming'));
  await writeWhole(join(folder, 'link'), 'text');
  await writeWhole(join(folder, 'coming'), 'text');
  t.is(await readFile(join(folder, 'old'), 'utf8'), 'text');
  t.is(await readFile(join(folder, 'new'), 'utf8'), 'text');
  for (const name of ['link', 'coming']) t.true((await lstat(join(folder, name))).isSymbolicLink());
  t.deepEqual((await readdir(folder)).sort(), ['coming', 'link', 'new', 'old']);
});

test('the rights of an old file stay; a new one has those of the umask', async t => {
  const folder = await newFolder();
  const old = join(folder, 'old');
  await writeFile(old, 'old');
  for (const mode of [0o600, 0o640, 0o644]) {
    await chmod(old, mode);
    await writeCsv(old, ['a'], []);
    t.is(await modeOf(old), mode);
  }
  await writeCsv(join(folder, 'new'), ['a'], []);
  t.is(await modeOf(join(folder, 'new')), 0o666 & ~process.umask());
});

test('until it is whole a file is its user’s alone, under a name that cannot be planted', async t => {
  const folder = await newFolder();
  const path = join(folder, 'out.csv');
  const victim = join(folder, 'victim');
  await writeFile(victim, 'precious');
  for (let pid = process.pid - 5; pid <= process.pid + 5; pid++) await symlink(victim, `${path}.${pid}.tmp`);
  const file = await OutputFile.open(path);
  await file.write('half');
  const [draft] = (await readdir(folder)).filter(name => /\.[0-9a-f]{12}\.tmp$/.test(name));
  t.is(await modeOf(join(folder, draft!)), 0o600);
  await file.finish();
  t.is(await readFile(path, 'utf8'), 'half');
  t.is(await readFile(victim, 'utf8'), 'precious');
  const given = await OutputFile.open(path);
  await given.discard();
  t.is(await readFile(path, 'utf8'), 'half');
});
