import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { BatchEvent } from '../../src/batch/events.ts';
import { runBatch, runTerms } from '../../src/batch/run-batch.ts';
import { WorkerPool } from '../../src/batch/worker-pool.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { EngineUnusableError } from '../../src/engine/image.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { openEngine } from '../../src/engine/open-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { UsageError } from '../../src/model/errors.ts';
import { CurrentEngine, type EngineNews } from '../../src/serve/current-engine.ts';
import { fireByHand } from '../../src/serve/fire-by-hand.ts';
import { FleetClock } from '../../src/serve/fleet-clock.ts';
import { Service, type ServiceEvent } from '../../src/serve/service.ts';
import { sliceOf } from '../reference/engine-rows.ts';
import { copyDatabase } from '../support/kept.ts';

const ROOT = join(import.meta.dirname, '../..');
const SETTINGS = { ...(await loadSettings({ env: {}, cwd: ROOT })), workers: 1, chunkSize: 100 };
const CATALOG = join(ROOT, 'catalog/cards.json');
const USERS = sliceOf([[50_000_00, 30_000_00, 10_000_00, 5_000_00, 15_000_00, 120_000_00]]);

const newFolder = () => mkdtemp(join(tmpdir(), 'cardgenius-identity-'));

/** A catalogue of its own, and how its file is replaced by the same cards in reverse order. */
async function catalogue() {
  const catalogPath = join(await newFolder(), 'cards.json');
  await copyFile(CATALOG, catalogPath);
  const reverse = async () => {
    const catalog = JSON.parse(await readFile(catalogPath, 'utf8'));
    catalog.cards.reverse();
    await writeFile(catalogPath, JSON.stringify(catalog));
  };
  return { catalogPath, reverse, source: { catalogPath, maxMonthlySpend: SETTINGS.maxMonthlySpend } };
}

/** An engine of one's own whose ten cards save so much. */
async function ownEngine(create = '') {
  const path = join(await newFolder(), 'engine.ts');
  const write = (yearly: number) =>
    writeFile(
      path,
      `const cards = Array.from({ length: 10 }, (_, i) => ({ name: 'Card ' + i, joiningFees: 0, redemptionMethod: 'Cashback', redemptionRate: 10000 }));
       const points = { amazon: 0, flipkart: 0, myntra: 0, ajio: 0, grocery: 0, otherOnline: 0 };
       const rows = cards.map(({ name }) => ({ card: name, yearly: ${yearly}, extra: 0, points }));
       export default { name: 'own', version: '1', cards, async create() { ${create}; return { recommend: () => rows }; } };`,
    );
  await write(100);
  const source = {
    catalogPath: CATALOG,
    enginePath: path,
    engineTimeoutMs: 5_000,
    maxMonthlySpend: SETTINGS.maxMonthlySpend,
  };
  return { path, write, source };
}

test('threads compute with the catalogue that was fingerprinted, whatever has become of its file', async t => {
  const { source, reverse, catalogPath } = await catalogue();
  const before = await createEngine(source);
  const loaded = await loadEngine(source);
  await reverse();
  const pool = new WorkerPool(1, loaded.image);
  t.teardown(() => pool.close());
  const [answer] = await pool.compute(USERS, () => {});
  t.deepEqual([...answer!.cardNo], [...(await before.recommend(USERS)).cardNo]);
  t.not((await loadEngine(source)).fingerprint, loaded.fingerprint);
  await writeFile(catalogPath, '{');
  const another = new WorkerPool(1, loaded.image);
  t.teardown(() => another.close());
  t.deepEqual([...(await another.compute(USERS, () => {}))[0]!.cardNo], [...answer!.cardNo]);
});

test('a thread whose module has changed computes nothing, and the error names both fingerprints', async t => {
  const { source, write, path } = await ownEngine();
  const loaded = await loadEngine(source);
  await write(200);
  const { fingerprint: found } = await loadEngine(source);
  const pool = new WorkerPool(1, loaded.image);
  t.teardown(() => pool.close());
  const error = await t.throwsAsync(
    pool.compute(USERS, () => t.fail('an answer')),
    { instanceOf: EngineUnusableError, code: 'ENGINE_CHANGED' },
  );
  for (const part of [path, loaded.fingerprint, found]) t.true(error!.message.includes(part));
  await writeFile(path, 'export default {');
  const broken = new WorkerPool(1, loaded.image);
  t.teardown(() => broken.close());
  await t.throwsAsync(
    broken.compute(USERS, () => {}),
    { code: 'ENGINE_INVALID' },
  );
});

/** An engine of several files, in each way that a module takes another: what each says of the yearly savings is added up. */
async function engineOfFiles() {
  const folder = await newFolder();
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  for (const sub of ['lib', 'node_modules/rates-of-a-package']) await mkdir(join(folder, sub), { recursive: true });
  const packageVersion = (version: string) =>
    write(
      'node_modules/rates-of-a-package/package.json',
      JSON.stringify({ name: 'rates-of-a-package', version, main: 'i.js' }),
    );
  const files: Record<string, (n: number) => Promise<void>> = {
    'lib/relative.ts': n => write('lib/relative.ts', `import '../deeper.mts'; export const a: number = ${n};`),
    'deeper.mts': n => write('deeper.mts', `export const never = ${n};`),
    'rates.json': n => write('rates.json', `{ "b": ${n} }`),
    'required.cjs': n => write('required.cjs', `module.exports = require('./further.json').c + ${n};`),
    'further.json': n => write('further.json', `{ "c": ${n} }`),
    'in-create.ts': n => write('in-create.ts', `export const d: number = ${n};`),
    'table.csv': n => write('table.csv', `${n}`),
    'rates-of-a-package@1.0.0/i.js': n => write('node_modules/rates-of-a-package/i.js', `module.exports = ${n};`),
  };
  for (const put of Object.values(files)) await put(1);
  await packageVersion('1.0.0');
  const path = join(folder, 'engine.ts');
  await writeFile(
    path,
    `import { createRequire } from 'node:module';
     import { readFile } from 'node:fs/promises';
     import { defineEngine } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)};
     import { a } from './lib/relative.ts';
     import rates from './rates.json' with { type: 'json' };
     import packaged from 'rates-of-a-package';
     const c = createRequire(import.meta.url)('./required.cjs');
     const cards = Array.from({ length: 10 }, (_, i) => ({ name: 'Card ' + i, joiningFees: 0, redemptionMethod: 'Cashback', redemptionRate: 10000 }));
     const points = { amazon: 0, flipkart: 0, myntra: 0, ajio: 0, grocery: 0, otherOnline: 0 };
     export default defineEngine({ name: 'own', version: '1', cards, retryDelayMs: 0, files: ['table.csv'], async create() {
       const { d } = await import('./in-create.ts');
       const table = Number(await readFile(new URL('table.csv', import.meta.url), 'utf8'));
       const rows = cards.map(({ name }) => ({ card: name, yearly: a + rates.b + packaged + c + d + table, extra: 0, points }));
       return { async recommend({ spends }) {
         if (spends.amazon === 1300) await import('./late.ts');
         return rows;
       } };
     } });`,
  );
  await write('late.ts', 'export {}');
  const source = {
    catalogPath: CATALOG,
    enginePath: path,
    engineTimeoutMs: 5_000,
    maxMonthlySpend: SETTINGS.maxMonthlySpend,
  };
  return { source, path, files, packageVersion };
}

test('each file that an engine is made of is in its fingerprint, and a thread that finds another one names it', async t => {
  const { source, files, packageVersion } = await engineOfFiles();
  const loaded = await loadEngine(source);
  t.deepEqual(
    loaded.files?.map(file => file.path),
    [...Object.keys(files), 'engine.ts'].sort(),
  );
  const compute = async () => {
    const pool = new WorkerPool(1, loaded.image);
    try {
      return (await pool.compute(USERS, () => {}))[0]!.yearly[0];
    } finally {
      await pool.close();
    }
  };
  t.is(await compute(), 7);
  for (const [file, put] of Object.entries(files)) {
    await put(2);
    t.not((await loadEngine(source)).fingerprint, loaded.fingerprint, file);
    const error = await t.throwsAsync(compute, { instanceOf: EngineUnusableError, code: 'ENGINE_CHANGED' }, file);
    t.true(error!.message.includes(`Changed: ${file}.`), error!.message);
    await put(1);
  }
  await packageVersion('1.0.1');
  t.regex(
    (await t.throwsAsync(compute))!.message,
    /Changed: rates-of-a-package@1\.0\.0\/i\.js, rates-of-a-package@1\.0\.1/,
  );
  await packageVersion('1.0.0');
  t.is((await loadEngine(source)).fingerprint, loaded.fingerprint);
  t.is(await compute(), 7);
});

test('an engine moved elsewhere, or named by a link, is the same engine', async t => {
  const { source, path } = await engineOfFiles();
  const { fingerprint } = await loadEngine(source);
  const folder = await newFolder();
  await cp(dirname(path), join(folder, 'copy'), { recursive: true });
  await symlink(join(folder, 'copy/engine.ts'), join(folder, 'link.ts'));
  t.is((await loadEngine({ ...source, enginePath: join(folder, 'copy/engine.ts') })).fingerprint, fingerprint);
  t.is((await loadEngine({ ...source, enginePath: join(folder, 'link.ts') })).fingerprint, fingerprint);
});

test('an engine of one file has the SHA-256 of that file in its fingerprint, as it always had', async t => {
  const { source, path } = await ownEngine();
  const { name, version, cards, fingerprint } = await loadEngine(source);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const { maxMonthlySpend } = source;
  t.is(
    fingerprint,
    createHash('sha256').update(JSON.stringify({ name, version, sha256, cards, maxMonthlySpend })).digest('hex'),
  );
});

test('a file imported after create() has returned is refused by name', async t => {
  const { source } = await engineOfFiles();
  await using engine = await openEngine(source);
  const { failures } = await engine.recommend(
    sliceOf([
      [1300, 0, 0, 0, 0, 1300],
      [1400, 0, 0, 0, 0, 1400],
    ]),
  );
  t.is(failures.length, 1);
  t.regex(failures[0]!.message, /late\.ts is imported after create\(\) has returned/);
});

test('a file that is required by another path, only resolved or loaded anew is in the fingerprint, and stays as it was', async t => {
  const { source, path } = await ownEngine(
    `const { createRequire } = await import('node:module');
     const require = createRequire(new URL('lib/', import.meta.url));
     rows[0].yearly += require('./once.json') + (require.resolve('./later.json') && 0);
     return { recommend({ spends }) {
       if (spends.amazon === 1300) delete require.cache[require.resolve('./once.json')], require('./once.json');
       if (spends.amazon === 1400) require('./later.json');
       if (spends.amazon === 1500) require('./unknown.json');
       return rows;
     } }`,
  );
  const files = ['once', 'later', 'unknown'].map(name => join(dirname(path), 'lib', `${name}.json`));
  await mkdir(join(dirname(path), 'lib'));
  for (const file of files) await writeFile(file, '1');
  await using engine = await openEngine(source);
  t.deepEqual(engine.files?.map(file => file.path), ['engine.ts', 'lib/later.json', 'lib/once.json']); // biome-ignore format: one line
  for (const file of files) await writeFile(file, '2');
  const { failures } = await engine.recommend(
    sliceOf([1300, 1400, 1500, 1600].map(amazon => [amazon, 0, 0, 0, 0, amazon])),
  );
  t.is(failures.length, 3);
  t.regex(failures[0]!.message, /once\.json is loaded after create\(\) has returned, and has changed/);
  t.regex(failures[1]!.message, /later\.json is loaded after/);
  t.regex(failures[2]!.message, /unknown\.json is imported after create\(\) has returned/);
});

test('a run whose engine has changed stops with that reason: no user is failed, and nothing is published', async t => {
  await using opened = await openDatabase(`pglite:${await copyDatabase('migrated')}`, {});
  const { database } = opened;
  await seedSpending(database, 250, 1);
  const { source, write } = await ownEngine();
  const engine = await loadEngine(source);
  await write(200);
  const request = {
    kind: 'batch',
    userLimit: null,
    processor: 'p',
    requestedBy: 'p',
    deadlineAt: null,
    engine,
  } as const;
  const signal = new AbortController().signal;
  await t.throwsAsync(
    runBatch(database, SETTINGS, request, () => {}, signal),
    { code: 'ENGINE_CHANGED' },
  );
  const run = await database.readRun(null);
  t.like(run, { state: 'stopped', failed: 0, completed: 0, chunksLeased: 0 });
  t.regex(run?.reason ?? '', /^ENGINE_CHANGED: /);

  const again = { ...request, engine: await loadEngine(source) };
  t.like(await runBatch(database, SETTINGS, again, () => {}, signal), { supersededId: run!.runId, completed: 250 });
});

test('create() of an engine of one’s own runs in threads only; what it leaves running ends with them', async t => {
  const { source } = await ownEngine(`
    const { isMainThread } = await import('node:worker_threads');
    if (isMainThread) throw new Error('in the main thread');
    setInterval(() => {}, 1000)`);
  const { name, version, cards } = await loadEngine(source);
  t.like({ name, version, cards: cards.length }, { name: 'own', version: '1', cards: 10 });
  await using engine = await openEngine(source);
  t.is((await engine.recommend(USERS)).yearly[0], 100);
});

test('what create() leaves behind unhandled is an error of the engine, and ends no process', async t => {
  const { source } = await ownEngine(
    'void Promise.reject(new Error("left behind")); await new Promise(r => setTimeout(r, 5000))',
  );
  const error = await t.throwsAsync(loadEngine(source), { instanceOf: UsageError, code: 'ENGINE_INVALID' });
  t.regex(error!.message, /left behind/);
});

test('the engine of a service: each change and each fault is told once, and a fault leaves the engine known before', async t => {
  const { source, reverse, catalogPath } = await catalogue();
  const news: string[] = [];
  const current = new CurrentEngine(source, (event: EngineNews) =>
    news.push(event.type === 'engine' ? event.fingerprint : event.code),
  );
  const first = await current.load();
  await current.load();
  t.deepEqual(news.splice(0), [first.fingerprint]);
  await writeFile(catalogPath, '{');
  await t.throwsAsync(current.load(), { code: 'CATALOG_NOT_JSON' });
  await current.tryToLoad();
  t.deepEqual(news.splice(0), ['CATALOG_NOT_JSON']);
  t.is(current.known?.fingerprint, first.fingerprint);
  await copyFile(CATALOG, catalogPath);
  await reverse();
  const { fingerprint } = await current.load();
  t.not(fingerprint, first.fingerprint);
  t.deepEqual(news, [fingerprint]);
});

test('a service leaves a run of another catalogue alone and says so once; its watcher looks as soon as a run is over', async t => {
  await using opened = await openDatabase(`pglite:${await copyDatabase('migrated')}`, {});
  const { database, coordination } = opened;
  await seedSpending(database, 250, 1);
  const { source, reverse } = await catalogue();
  const before = await loadEngine(source);
  await reverse();
  const terms = runTerms(before, SETTINGS, 'batch', null);
  const { runId } = await database.openRun({ ...terms, requestedBy: 'before', deadlineAt: null });

  const current = new CurrentEngine(source, () => {});
  const events: ServiceEvent[] = [];
  const heard = new EventTarget();
  let left = false;
  const looks: boolean[] = [];
  const running = new Service({
    database,
    coordination,
    settings: SETTINGS,
    schedules: [],
    fireLateSeconds: 60,
    engine: current,
    check: () => Promise.reject(new Error('no schedule asks for it')),
    clock: new FleetClock(),
    processor: { id: 'here', host: 'here', pid: 1, version: 'none' },
    watcher: {
      watch: async (_now, isNews) => {
        if (!left) return;
        looks.push(isNews);
        heard.dispatchEvent(new Event('look'));
      },
      leads: () => {},
      clockIs: () => {},
      databaseIs: () => {},
      engineIs: () => {},
    },
    onEvent: event => {
      events.push(event);
      left ||= event.type === 'run-left';
      heard.dispatchEvent(new Event(event.type));
    },
    batchListener: () => {},
  });
  const next = (type: string) => new Promise(resolve => heard.addEventListener(type, resolve, { once: true }));
  const stop = new AbortController();
  const misfit = next('trouble');
  const life = running.run(stop.signal);
  await misfit;
  const trouble = events.filter(({ type }) => type === 'trouble');
  t.like(trouble, [{ code: 'FINGERPRINT_MISMATCH' }]);
  t.regex(
    (trouble[0] as { message: string }).message,
    new RegExp(`^Run ${runId} was opened with .* supersedes it\\.$`),
  );

  const look = next('look');
  const fired = await fireByHand('weekly', {
    coordination,
    schedules: [{ name: 'weekly', cron: '0 2 * * 1', timeZone: 'UTC', misfire: 'once', catchUpWindowMinutes: 60 }],
    terms: async limit => runTerms(await current.load(), SETTINGS, 'batch', limit),
    decidedBy: 'here',
    note: 'by hand',
    by: { origin: 'cli', person: null },
  });
  t.not(fired.runId, runId);
  await look;
  t.true(looks[0], 'not at the next interval: by then it may be over');
  stop.abort();
  await life;
});

test('a service whose catalogue is replaced while it idles computes the next run with the new one, under its fingerprint', async t => {
  await using opened = await openDatabase(`pglite:${await copyDatabase('migrated')}`, {});
  const { database, coordination } = opened;
  await seedSpending(database, 250, 1);
  const { source, reverse, catalogPath } = await catalogue();
  const current = new CurrentEngine(source, () => {});
  const before = await current.load();

  const left = new EventTarget();
  const running = new Service({
    database,
    coordination,
    settings: SETTINGS,
    schedules: [],
    fireLateSeconds: 60,
    engine: current,
    check: () => Promise.reject(new Error('no schedule asks for it')),
    clock: new FleetClock(),
    processor: { id: 'here', host: 'here', pid: 1, version: 'none' },
    onEvent: (event: ServiceEvent) => {
      if (event.type === 'run-left') left.dispatchEvent(new Event('left'));
    },
    batchListener: (_event: BatchEvent) => {},
  });
  const stop = new AbortController();
  const life = running.run(stop.signal);
  await reverse();
  const fire = () =>
    fireByHand('weekly', {
      coordination,
      schedules: [{ name: 'weekly', cron: '0 2 * * 1', timeZone: 'UTC', misfire: 'once', catchUpWindowMinutes: 60 }],
      terms: async limit => runTerms(await current.load(), SETTINGS, 'batch', limit),
      decidedBy: 'here',
      note: 'by hand',
      by: { origin: 'cli', person: null },
    });
  const done = new Promise(resolve => left.addEventListener('left', resolve, { once: true }));
  const { runId } = await fire();
  await done;
  const run = await database.readRun(runId);
  const engine = await createEngine(source);
  t.not(engine.fingerprint, before.fingerprint);
  t.like(run, { state: 'done', completed: 250, failed: 0, fingerprint: engine.fingerprint });
  const failed = (await opened.audit.verifyDatabase()).checks.filter(check => check.violations > 0);
  t.deepEqual(failed, [], 'the rows are those of their cards');
  t.like(await coordination.listProcessors(1), [{ version: before.version }], 'as loaded, not as it started');

  await writeFile(catalogPath, '{');
  await t.throwsAsync(fire(), { code: 'CATALOG_NOT_JSON' }, 'not opened');
  t.is((await database.readRun(null))?.runId, runId!);
  stop.abort();
  await life;
});
