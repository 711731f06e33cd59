import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Driver } from '../../src/database/driver.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { openDoor } from '../../src/database/postgres/folder-door.ts';
import { lockFolder } from '../../src/database/postgres/folder-lock.ts';
import { askHolder, openPglite } from '../../src/database/postgres/open-pglite.ts';
import { NODE_FLAGS } from '../support/kept.ts';
import { cardgenius, newFolder, newPlace, newWaitingPlace } from './cli.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** What group or others may do anything with, below a folder and the folder itself. */
async function openToOthers(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const modes = await Promise.all(
    ['.', ...names].map(async name => ({ name, mode: (await stat(join(folder, name))).mode })),
  );
  return modes.filter(({ mode }) => (mode & 0o077) !== 0).map(({ name }) => name);
}

/** A command that no other process does for it is refused at once. */
async function refused(t: ExecutionContext, cwd: string, database: string, message: RegExp): Promise<void> {
  const ended = await cardgenius(['verify'], { cwd, database });
  t.is(ended.code, 1, ended.stderr);
  t.regex(ended.stderr, message);
}

async function status(
  t: ExecutionContext,
  cwd: string,
  database: string,
  code: number,
  message: RegExp,
): Promise<void> {
  const ended = await cardgenius(['status'], { cwd, database });
  t.is(ended.code, code, ended.stderr);
  t.regex(ended.stderr, message);
}

test('the folder of the embedded database is its user’s alone, whatever the umask is', async t => {
  const cwd = await newFolder();
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: 'pglite:deep/db' };
  await run('sh', ['-c', 'umask 000 && exec "$@"', 'sh', process.execPath, ...NODE_FLAGS, MAIN, 'migrate'], {
    cwd,
    env,
  });
  t.deepEqual(await openToOthers(join(cwd, 'deep')), []);
});

test('a command that looks does not wait for the optimizing compiler, which takes 600 MB for the SQL interpreter alone', async t => {
  const { cwd, database } = await newPlace();
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: database };
  const trace = ['--trace-wasm-compilation-times', MAIN, 'errors'];
  const { stdout } = await run(process.execPath, trace, { cwd, env, maxBuffer: 32 << 20 });
  t.regex(stdout, /using Liftoff/);
  // Of the program's own WebAssembly, which strips types, no function is as large as PostgreSQL's largest.
  t.notRegex(stdout, /using TurboFan,.* bodysize \d{6,} /);
});

test('a folder that was open to others is closed with all that is in it as it is opened', async t => {
  const { cwd, database } = await newPlace();
  await chmod(join(cwd, 'db'), 0o755);
  await chmod(join(cwd, 'db/PG_VERSION'), 0o666);
  t.is((await cardgenius(['status'], { cwd, database })).code, 0);
  t.deepEqual(await openToOthers(join(cwd, 'db')), []);
});

test('a folder, or a file that lay open in one, that belongs to another user is refused', async t => {
  if (process.getuid?.() !== 0) return t.pass('only root can give a file away');
  const { cwd, database } = await newPlace();
  await chown(join(cwd, 'db'), 65534, 65534);
  await status(t, cwd, database, 1, /db belongs to another user \(uid 65534; this process has 0\).*DATABASE_UNUSABLE/s);
  await chown(join(cwd, 'db'), 0, 0);
  await status(t, cwd, database, 0, /^$/);
  await chmod(join(cwd, 'db'), 0o777);
  await chown(join(cwd, 'db/PG_VERSION'), 65534, 65534);
  await status(t, cwd, database, 1, /PG_VERSION belongs to another user/);
});

test('another user is told that the folder may not be entered, and not that there is none', async t => {
  if (process.getuid?.() !== 0) return t.pass('only root can start a process of another user');
  const cwd = await newFolder();
  await chmod(cwd, 0o755);
  await mkdir(join(cwd, 'db/inner'), { recursive: true, mode: 0o700 });
  const other = { cwd, uid: 65534, gid: 65534, env: { ...process.env, NO_COLOR: '1' } };
  if (
    await run(process.execPath, [MAIN, '--version'], other).then(
      () => false,
      () => true,
    )
  ) {
    return t.pass('the other user may not read this clone');
  }
  for (const database of ['pglite:db', 'pglite:db/inner'])
    for (const command of ['status', 'migrate']) {
      const env = { ...other.env, CARDGENIUS_DATABASE_URL: database };
      const error = await t.throwsAsync(run(process.execPath, [MAIN, command], { ...other, env }));
      t.regex(
        String((error as { stderr?: string }).stderr),
        /may not be entered by this user.*DATABASE_UNUSABLE/s,
        command,
      );
    }
});

test('a link that lies where the lock or its holder is written is not followed', async t => {
  const cwd = await newFolder();
  const folder = join(cwd, 'db');
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(cwd, 'precious'), 'precious');
  await symlink('../precious', join(folder, 'cardgenius.holder'));
  lockFolder(folder).unlock();
  t.is(await readFile(join(cwd, 'precious'), 'utf8'), 'precious');
  await rm(join(folder, 'cardgenius.lock'));
  await symlink('../made', join(folder, 'cardgenius.lock'));
  t.throws(() => lockFolder(folder), { code: 'ELOOP' });
  t.deepEqual((await readdir(cwd)).sort(), ['db', 'precious']);
});

test('a second process on the folder of one that is alive is refused, and names it', async t => {
  const { cwd } = await newPlace();
  const lock = lockFolder(join(cwd, 'db'), { stays: true });
  await refused(
    t,
    cwd,
    'pglite:db',
    new RegExp(
      `^cardgenius: Process ${process.pid} is using .*db; only one process can at a time\\. .*\\[DATABASE_IN_USE\\]\\n$`,
    ),
  );
  lock.unlock();
  t.is((await cardgenius(['status'], { cwd, database: 'pglite:db' })).code, 0);
});

test('a lock whose holder writes a pid of another container is told as such, and still holds', async t => {
  const cwd = await newFolder();
  const folder = join(cwd, 'db');
  await mkdir(folder, { mode: 0o700 });
  const lock = lockFolder(folder, { stays: true });
  await writeFile(
    join(folder, 'cardgenius.holder'),
    JSON.stringify({ pid: 1, pidNamespace: 'pid:[1]', host: 'container-a', stays: true }),
  );
  await refused(t, cwd, 'pglite:db', /Process 1 of another container or machine \(container-a\) is using/);
  lock.unlock();
});

test('a folder is locked under each of its names: a link to it, and a mount of it', async t => {
  const cwd = await newFolder();
  const folder = join(cwd, 'db');
  await mkdir(folder, { mode: 0o700 });
  await symlink('db', join(cwd, 'alias'));
  const lock = lockFolder(folder, { stays: true });
  await refused(t, cwd, 'pglite:alias', /DATABASE_IN_USE/);
  // In another pid namespace and under another path, where this machine lets a test make them.
  const inside = `mkdir ${cwd}/other && mount --bind ${folder} ${cwd}/other && exec "$@"`;
  const namespaces = ['-pfm', '--mount-proc', 'sh', '-c', inside, 'sh', process.execPath, MAIN, 'verify'];
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: 'pglite:other' };
  const ended = await run('unshare', namespaces, { cwd, env }).then(
    ({ stdout }) => stdout,
    ({ stderr, message }: { stderr?: string; message: string }) => stderr ?? message,
  );
  lock.unlock();
  if (/unshare|mount|ENOENT/.test(ended)) t.log(`not tried in other namespaces here: ${ended.trim()}`);
  else t.regex(ended, /DATABASE_IN_USE/);
});

test('serve, and any other command, waits for a command that has the folder and is soon done', async t => {
  for (const args of [['serve'], ['run'], ['verify']]) {
    const at = await newPlace();
    const lock = lockFolder(join(at.cwd, 'db'));
    const waiting = cardgenius(args, at);
    try {
      await waiting.said(new RegExp(`Process ${process.pid} is using .*db; only one process can at a time`));
      lock.unlock();
      if (args[0] === 'serve') await waiting.said(/"leader"/);
    } finally {
      if (args[0] === 'serve') waiting.kill('SIGTERM');
    }
    const { code, stdout, stderr } = await waiting;
    t.is(code, 0, stderr);
    t.is(`${stdout}${stderr}`.match(/is using/g)?.length, 1, 'it is said once');
  }
});

test('a command that works beside serve waits for its door while serve is just starting', async t => {
  const at = await newPlace();
  const folder = join(at.cwd, 'db');
  const lock = lockFolder(folder, { stays: true });
  const waiting = cardgenius(['runs', '--json'], at);
  await waiting.said(new RegExp(`Process ${process.pid} is using .*does not answer yet.*Waiting for it`));
  const door = openDoor(folder, { call: async () => [] as never[] } as unknown as Driver);
  const { code, stdout, stderr } = await waiting;
  door.close();
  lock.unlock();
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(stdout).runs, []);
});

test('a folder that is opened answers no other process before its schema is whole', async t => {
  const { cwd } = await newPlace();
  const folder = join(cwd, 'db');
  const opened = await openPglite(folder);
  const others = () => askHolder(folder);
  t.is(await others(), undefined, 'it is about to be migrated');
  opened.admitOthers!();
  t.deepEqual(await (await others())!.history.listRuns(1), []);
  await opened.database.close();
});

test('the next process on a folder leads at once: one that was killed as leader cannot be alive', async t => {
  const { cwd } = await newPlace();
  const processor = (id: string) => ({ id, host: 'here', pid: 1, version: '1' });
  {
    await using opened = await openDatabase(`pglite:${cwd}/db`);
    t.like(await opened.coordination.lead(processor('killed'), 3_600), { owner: 'killed' });
  }
  await using opened = await openDatabase(`pglite:${cwd}/db`);
  t.like(await opened.coordination.listProcessors(1), [{ id: 'killed', leads: false }]);
  t.like(await opened.coordination.lead(processor('next'), 3_600), { owner: 'next', clockBackSeconds: 0 });
});

test('a link to a folder is opened as the folder', async t => {
  const { cwd } = await newPlace();
  await symlink('db', join(cwd, 'alias'));
  await status(t, cwd, 'pglite:alias', 0, /^$/);
  await symlink('nowhere', join(cwd, 'lost'));
  const lost = await t.throwsAsync(openDatabase(`pglite:${cwd}/lost`), { code: 'DATABASE_URL' });
  t.regex(lost.message, /lost is a link that leads nowhere\./);
});

test('blanks and line ends around the address of a database are no part of it', async t => {
  const { cwd } = await newPlace();
  await status(t, cwd, 'pglite:db\r', 0, /^$/);
  t.deepEqual(await readdir(cwd), ['db']);
  await using opened = await openDatabase(' pglite:memory\n');
  t.is(opened.database.description, 'pglite:memory');
});

test('while serve has the folder open, it answers who looks, steers or imports, and refuses who would compute', async t => {
  const at = await newPlace('seeded');
  await writeFile(
    join(at.cwd, 'cron.config.ts'),
    "export default { maxMonthlySpend: 1, schedules: [{ name: 'weekly', cron: '0 2 * * 1', timeZone: 'Asia/Kolkata' }] };",
  );
  t.is((await cardgenius(['run', '--json'], at)).code, 3, 'all users fail who spend');
  const service = cardgenius(['serve'], at);
  try {
    await service.said(/"leader"/);
    t.is((await stat(join(at.cwd, 'db/cardgenius.sock'))).mode & 0o777, 0o600);
    const ask = async (...args: string[]) => {
      const { code, stdout, stderr } = await cardgenius([...args, '--json'], at);
      t.is(code, 0, `${args.join(' ')}: ${stderr}`);
      return JSON.parse(stdout);
    };
    const status = await ask('status');
    t.like(status, { database: 'pglite:db', run: { runId: 1, state: 'done', failed: status.failed } });
    t.true(status.failed > 20);
    t.regex(status.run.startedAt, /^20\d\d-/, 'a time comes as a time');
    t.is(status.processors.length, 1);
    const { failed, codes } = await ask('errors');
    t.is(failed, status.failed);
    t.is(codes[0].users, status.failed);
    t.is((await ask('runs')).runs.length, 1);
    t.deepEqual((await ask('schedule', 'list')).schedules[0].last, []);
    t.true(Array.isArray((await ask('alerts', 'list')).alerts));
    t.is((await ask('retry')).users, status.failed);
    t.is((await ask('status')).new, status.failed);
    t.like(await ask('schedule', 'run', 'weekly'), { decision: 'manual', runId: 2 });

    const header =
      'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
    await writeFile(
      join(at.cwd, 'more.csv'),
      `${header}\nBESIDE1,0,0,0,0,0,1\nBESIDE1,1,0,0,0,0,1\nBESIDE2,x,1,1,1,1,5\n`,
    );
    t.like(await ask('import', 'more.csv'), { read: 3, imported: 1, rejected: 2 });
    t.like((await ask('recommend', 'BESIDE1')).spending, { avg_confirmed_gmv: '1.00' });
    t.is((await cardgenius(['export', 'out.csv'], at)).code, 0);
    t.is((await cardgenius(['catalog', 'export', '--run', '1', '--out', 'kept.json'], at)).code, 0);
    t.true((await ask('catalog', 'diff', 'kept.json', 'kept.json', '--database')).users > 0);

    const { code, stderr } = await cardgenius(['schedule', 'run', 'monthly'], at);
    t.is(code, 2);
    t.regex(stderr, /NO_SUCH_SCHEDULE/, 'an error comes as it was');
    const refused = async (args: string[], message: RegExp) => t.regex((await cardgenius(args, at)).stderr, message);
    await refused(['seed', '--users', '5'], /Process \d+ is using .*DATABASE_IN_USE/);
    await refused(['run'], /Process \d+ is using .*DATABASE_IN_USE/);
  } finally {
    service.kill('SIGKILL');
  }
  await service;
  t.true((await readdir(join(at.cwd, 'db'))).includes('cardgenius.sock'), 'a killed process leaves its door');
  t.is((await cardgenius(['status'], at)).code, 0);
  t.false((await readdir(join(at.cwd, 'db'))).includes('cardgenius.sock'));
});

test('a copy of the folder is a backup: taken between two halves of a run, restored after a loss, the run goes on', async t => {
  const at = await newWaitingPlace();
  const first = cardgenius(['run', '--chunk-size', '10'], at);
  await first.said(/the engine waits/);
  first.kill('SIGTERM');
  await first.said(/^Stopping:/m);
  await writeFile(join(at.cwd, 'go'), '');
  t.is((await first).code, 4, first.text());
  await run('cp', ['-a', 'db', 'backup'], { cwd: at.cwd });

  t.is((await cardgenius(['run'], at)).code, 0);
  await rm(join(at.cwd, 'db'), { recursive: true });
  await run('cp', ['-a', 'backup', 'db'], { cwd: at.cwd });
  t.deepEqual(await openToOthers(join(at.cwd, 'db')), []);
  t.is((await cardgenius(['run'], at)).code, 0);
  await using opened = await openDatabase(`pglite:${at.cwd}/db`);
  t.like(await opened.database.countUsers(), { completed: 100, new: 0, pending: 0, failed: 0 });
  const { checks } = await opened.audit.verifyDatabase();
  t.deepEqual(
    checks.filter(({ violations }) => violations > 0),
    [],
  );
});
