import { fstatSync, readdirSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** `-` and the names that the system has for it, as stdin of a command that reads. */
export const isStdin = (path: string): boolean =>
  path === '-' || /^\/dev\/(stdin|fd\/0)$|^\/proc\/self\/fd\/0$/.test(path);

/** The same, as stdout of a command that writes. */
export const isStdout = (path: string): boolean =>
  path === '-' || /^\/dev\/(stdout|fd\/1)$|^\/proc\/self\/fd\/1$/.test(path);

/** How messages name a file: `-` is what came through the pipe. */
export const nameOf = (path: string): string => (path === '-' ? 'stdin' : path);

/**
 * The descriptor that a path stands for, links followed: /dev/stderr, /dev/fd/3, /proc/self/fd/3. Undefined where it is none. Such a path is
 * written by its descriptor: opened by name, a file that a shell handed over for appending would be begun anew.
 */
export async function descriptorOf(path: string, links = 40): Promise<number | undefined> {
  const plain = resolve(path).replace(`/proc/${process.pid}/`, '/proc/self/');
  const [, named, number] =
    /^\/dev\/std(in|out|err)$|^(?:\/dev|\/proc\/(?:thread-)?self)\/fd\/(\d+)$/.exec(plain) ?? [];
  if (named !== undefined) return ['in', 'out', 'err'].indexOf(named);
  if (number !== undefined) return Number(number);
  const link = links === 0 ? undefined : await readlink(path).catch(() => undefined);
  return link === undefined ? undefined : descriptorOf(resolve(dirname(path), link), links - 1);
}

/** Descriptors that were open before a command opened any file: the caller has handed them over, or Node cannot write them as files. */
const HANDED_OVER = listOpen();

/** Whether a descriptor is the caller's, and no file that this process has opened for itself. */
export const isHandedOver = (descriptor: number): boolean => HANDED_OVER?.has(descriptor) ?? true;

function listOpen(): ReadonlySet<number> | undefined {
  try {
    return new Set(readdirSync('/dev/fd').map(Number).filter(isOpen));
  } catch {
    return undefined; // no such folder on this system
  }
}

/** False of the descriptor by which the folder was listed, whose number the next file gets. */
function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}
