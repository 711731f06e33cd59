/** What a start loads: each of these modules is CPU that every command, and every thread of a run, pays before it works. */
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');

/** What a program prints that imports modules of the project, without the compile cache of these tests. */
function printed(script: string, env: NodeJS.ProcessEnv = {}): string {
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: ROOT,
    env: { ...rest, ...env },
  }).trim();
}

/** The packages that a module imports before it runs, and those that its modules import. */
function packagesOf(path: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(path)) return packages;
  seen.add(path);
  for (const [, target] of readFileSync(path, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gm,
  )) {
    if (!target!.startsWith('.')) packages.add(target!);
    else for (const name of packagesOf(join(dirname(path), target!), seen)) packages.add(name);
  }
  return packages;
}

test('a thread that computes loads no more than its pool and the engine: a dead one is replaced at once', t => {
  const packages = packagesOf(join(ROOT, 'src/batch/compute-thread.ts'));
  t.deepEqual([...packages].sort(), ['node:crypto', 'node:worker_threads', 'piscina']);
});

test('a command that opens the embedded database loads neither fetch nor WebSocket', t => {
  const script = `
    await import('./src/database/postgres/open-pglite.ts');
    console.log(process.moduleLoadList.some(name => name.includes('undici')));`;
  t.is(printed(script), 'false');
});

test('compiled modules are kept beside the packages, for threads too, or where NODE_COMPILE_CACHE says', t => {
  const script = `
    import { getCompileCacheDir } from 'node:module';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import { keepCompiled } from './src/cli/compile-cache.ts';
    keepCompiled();
    console.log(getCompileCacheDir());
    await once(new Worker("console.log(process.getBuiltinModule('node:module').getCompileCacheDir())", { eval: true }), 'exit');`;
  const [main, thread] = printed(script).split('\n');
  t.true(main!.startsWith(join(ROOT, 'node_modules/.cache/cardgenius/')), main);
  t.is(thread, main);
  const elsewhere = join(ROOT, 'node_modules/.cache/cardgenius-tests/modules');
  t.true(printed(script, { NODE_COMPILE_CACHE: elsewhere }).startsWith(`${elsewhere}/`));
});

test('compiled modules are kept where no other login can put code: any other folder is passed over', t => {
  const modules = mkdtempSync(join(tmpdir(), 'cardgenius-modules-'));
  const folder = join(modules, '.cache/cardgenius');
  const kept = (before = '') =>
    printed(`
      import { getCompileCacheDir } from 'node:module';
      import { keepCompiled } from './src/cli/compile-cache.ts';
      ${before}
      keepCompiled(${JSON.stringify(modules)});
      console.log(getCompileCacheDir() ?? 'none');`);
  t.true(kept('process.umask(0);').startsWith(`${folder}/`));
  t.is(lstatSync(folder).mode & 0o777, 0o700);
  t.true(kept().startsWith(`${folder}/`), 'made by an earlier start');
  chmodSync(folder, 0o777);
  t.is(kept(), 'none', 'others may write there');
  rmSync(folder, { recursive: true });
  symlinkSync(mkdtempSync(join(tmpdir(), 'cardgenius-elsewhere-')), folder);
  t.is(kept(), 'none', 'a link');
  rmSync(folder);
  writeFileSync(folder, '');
  t.is(kept(), 'none', 'a file');
});
