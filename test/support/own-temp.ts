/**
 * Loaded by ava into each of its processes, before the tests. All that a test writes goes into a temporary folder of the process's own,
 * which goes with it; what killed processes left goes with the next. Compiled modules are kept for the next process, and for the command line.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { COMPILE_CACHE } from './kept.ts';

const all = join(tmpdir(), `cardgenius-tests-${userInfo().uid}`);
const own = join(all, String(process.pid));
mkdirSync(own, { recursive: true, mode: 0o700 });
for (const name of readdirSync(all)) if (!isAlive(Number(name))) remove(join(all, name));

process.env.TMPDIR = own;
process.on('exit', () => remove(own));
enableCompileCache(COMPILE_CACHE);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A command that a test has just killed may still be writing. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}
