/** The package as npm makes it: packed from a copy of the tree, installed into an empty folder, and run there. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');
const SERVER = process.env.CARDGENIUS_TEST_MSSQL_URL;
const BIN = join(ROOT, 'node_modules/.bin');
const LEFT = new Set(['node_modules', '.git', '.cardgenius', 'dist']);

/** Neither the variables of the npm that runs the tests, nor a database of the person who runs them. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|NODE_OPTIONS|CARDGENIUS_DATABASE)/i.test(name)),
);
const call = promisify(execFile);
const run = (cwd: string, program: string, ...args: string[]) =>
  call(program, args, { cwd, env: { ...env, PATH: `${BIN}:${env.PATH}` }, maxBuffer: 1 << 26 });

interface Installed extends AsyncDisposable {
  readonly tarball: string;
  readonly folder: string;
  readonly how: string;
}

async function packAndInstall(): Promise<Installed> {
  const home = await mkdtemp(join(tmpdir(), 'cardgenius-package-'));
  const tree = join(home, 'tree');
  const folder = join(home, 'user');
  await cp(ROOT, tree, { recursive: true, filter: path => !LEFT.has(relative(ROOT, path)) });
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  const { stdout } = await run(tree, 'npm', 'pack', '--silent', '--pack-destination', home);
  const tarball = join(home, stdout.trim().split('\n').at(-1)!);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  let how = 'npm install';
  try {
    await run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
  } catch (error) {
    if (!/ENOTFOUND|ECONNREFUSED|ENOTCACHED|ETIMEDOUT|EAI_AGAIN|ECONNRESET/.test(String(error))) throw error;
    how = 'NO REGISTRY: dependencies copied from the clone';
    await copyDependencies(tree, folder, tarball);
  }
  const dispose = () => rm(home, { recursive: true, force: true });
  return { tarball, folder, how, [Symbol.asyncDispose]: dispose };
}

/** What npm install would bring, from the clone. */
async function copyDependencies(tree: string, folder: string, tarball: string): Promise<void> {
  const { stdout } = await run(ROOT, 'npm', 'ls', '--omit=dev', '--all', '--parseable');
  for (const path of stdout.trim().split('\n').slice(1)) {
    await cp(path, join(folder, relative(ROOT, path)), { recursive: true });
  }
  const place = join(folder, 'node_modules/cardgenius-batch');
  await mkdir(place, { recursive: true });
  await run(dirname(tarball), 'tar', 'xzf', basename(tarball), '-C', place, '--strip-components=1');
  const { bin } = JSON.parse(await readFile(join(place, 'package.json'), 'utf8'));
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await symlink(join(place, bin.cardgenius), join(folder, 'node_modules/.bin/cardgenius'));
  await run(tree, 'chmod', '+x', join(place, bin.cardgenius));
}

test('packed, installed into an empty folder, and run there', async t => {
  t.timeout(600_000);
  await using installed = await packAndInstall();
  const { tarball, folder } = installed;
  t.log(installed.how);

  await t.notThrowsAsync(run(ROOT, 'publint', 'run', '--strict', tarball));
  await t.notThrowsAsync(run(ROOT, 'attw', '--profile', 'esm-only', '--no-emoji', tarball));
  const { stdout: listing } = await run(folder, 'tar', 'tzf', tarball);
  t.notRegex(
    listing,
    /package\/(src|test|bench|scripts|\.|deploy\/(sa_password|dashboard_token))|\.log$/m,
    'nothing that only a clone can use',
  );
  const packed = JSON.parse(await readFile(join(folder, 'node_modules/cardgenius-batch/package.json'), 'utf8'));
  t.is(packed.scripts, undefined);
  t.is(packed.devDependencies, undefined);

  // As docs/install.md has it: a script, so that commands are typed as in a clone; npx never asks the registry.
  await run(folder, 'npm', 'pkg', 'set', 'scripts.cardgenius=cardgenius');
  const npmRun = (...args: string[]) => run(folder, 'npm', 'run', '-s', 'cardgenius', '--', ...args);
  t.is((await run(folder, 'npx', '--no', '--', 'cardgenius', '--version')).stdout, `${packed.version}\n`);
  const cardgenius = (...args: string[]) => run(folder, join(folder, 'node_modules/.bin/cardgenius'), ...args);
  t.is((await cardgenius('--version')).stdout, `${packed.version}\n`);

  // A configuration and an engine in the user's own folder: TypeScript, typed by the package.
  await writeFile(
    join(folder, 'cron.config.ts'),
    "import { defineConfig } from 'cardgenius-batch';\nexport default defineConfig({ chunkSize: 500, workers: 2 });\n",
  );
  const demo = JSON.parse((await npmRun('demo', '--users', '200', '--json')).stdout);
  t.like(demo, { state: 'done', completed: 200, failed: 0, recommendations: 2_000 });
  t.regex((await npmRun('retry', '--help')).stdout, /^Usage: npm run -s cardgenius -- retry /);
  const settings = JSON.parse((await cardgenius('config', 'print', '--json')).stdout);
  t.is(settings.settings.find((setting: { key: string }) => setting.key === 'chunkSize').value, 500);

  const user = JSON.parse((await cardgenius('recommend', 'CK0000001', '--explain', '--json')).stdout);
  t.is(user.cards.length, 10);
  t.regex((await cardgenius('doctor')).stdout, /ok/);
  t.regex(await pageOf(folder), /<title>CardGenius/);
  if (SERVER) {
    const { stdout } = await call(join(folder, 'node_modules/.bin/cardgenius'), ['migrate', '--sql'], {
      cwd: folder,
      env: { ...env, PATH: `${BIN}:${env.PATH}`, CARDGENIUS_DATABASE_URL: SERVER },
      maxBuffer: 1 << 26,
    });
    t.regex(stdout, /CREATE OR ALTER PROCEDURE cardgenius\.publish_chunk/);
  }

  await cp(join(folder, 'node_modules/cardgenius-batch/examples/plain-function.ts'), join(folder, 'engine.ts'));
  await writeFile(join(folder, 'kit.ts'), KIT);
  t.regex((await run(folder, 'node', 'kit.ts')).stdout, /fit for the batch/);
  const own = { ...env, CARDGENIUS_ENGINE: './engine.ts', PATH: `${BIN}:${env.PATH}` };
  const spends = ['recommend', '--amazon', '50000', '--json'];
  const answer = await call(join(folder, 'node_modules/.bin/cardgenius'), spends, { cwd: folder, env: own });
  t.is(JSON.parse(answer.stdout).cards[0].card_name, 'Jungle Prime');

  // As the image has it: unpacked, its dependencies beside it, and the user's files put over its own (docs/operations.md).
  const app = join(folder, 'app');
  await mkdir(app);
  await run(folder, 'tar', 'xzf', tarball, '-C', app, '--strip-components=1');
  await symlink(join(ROOT, 'node_modules'), join(app, 'node_modules'));
  for (const [from, to] of [
    ['cron.config.ts', 'cron.config.ts'],
    ['engine.ts', 'our-engine.ts'],
  ] as const)
    await cp(join(folder, from), join(app, to));
  const { stdout: fromImage } = await call('node', ['dist/cli/main.js', 'config', 'print', '--json'], {
    cwd: app,
    env,
  });
  t.like(
    JSON.parse(fromImage).settings.find((setting: { key: string }) => setting.key === 'chunkSize'),
    { value: 500, source: join(app, 'cron.config.ts') },
  );
  const inImage = { ...env, CARDGENIUS_ENGINE: join(app, 'our-engine.ts') };
  const { stdout: ours } = await call('node', ['dist/cli/main.js', ...spends], { cwd: app, env: inImage });
  t.is(JSON.parse(ours).cards[0].card_name, 'Jungle Prime');

  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: COMPILER, files: ['cron.config.ts', 'kit.ts'] }),
  );
  await t.notThrowsAsync(
    run(folder, 'tsc', '--project', '.', '--typeRoots', join(ROOT, 'node_modules/@types')),
    'types',
  );

  const old = `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })")}`;
  const main = join(folder, 'node_modules/cardgenius-batch/dist/cli/main.js');
  const refused = (await t.throwsAsync(run(folder, 'node', '--import', old, main))) as Error & {
    code: number;
    stderr: string;
  };
  t.is(refused.code, 2);
  t.regex(
    refused.stderr,
    /^cardgenius: This is Node 22\.1\.0, and cardgenius needs Node 24 or later\. .* \[NODE_TOO_OLD\]\n$/,
  );
});

/** The dashboard's page, as the installed command serves it. */
async function pageOf(folder: string): Promise<string> {
  const main = join(folder, 'node_modules/cardgenius-batch/dist/cli/main.js');
  const child = spawn(process.execPath, [main, 'dashboard', '--port', '0', '--json', '--open'], { cwd: folder, env });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const answer = await fetch(JSON.parse(line.toString()).url);
    return await answer.text();
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
}

const COMPILER = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  noEmit: true,
  types: ['node'],
  allowImportingTsExtensions: true,
};

const KIT = `import { formatKitReport, testEngine } from 'cardgenius-batch/testing';
import engine from './engine.ts';
console.log(formatKitReport(await testEngine(engine, { users: 200 })));
`;
