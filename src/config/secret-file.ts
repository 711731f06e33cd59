import { readFileSync, realpathSync, statSync } from 'node:fs';
import { UsageError } from '../model/errors.ts';

/**
 * Refuses a file with a token that every user of the machine can read. A read-only mount is left alone: Kubernetes and compose mount secrets so,
 * with modes that are not ours to set. Throws UsageError (TOKEN_FILE_OPEN); a file that is not there is the reader's to report.
 */
export function checkTokenFile(variable: string, path: string): void {
  if (process.platform === 'win32') return; // modes mean nothing there
  let mode: number;
  let real: string;
  try {
    mode = statSync(path).mode & 0o7777;
    real = realpathSync(path);
  } catch {
    return;
  }
  if ((mode & 0o007) === 0 || isOnReadOnlyMount(real, mountTable())) return;
  const shown = mode.toString(8).padStart(4, '0');
  throw new UsageError(
    'TOKEN_FILE_OPEN',
    `${variable} names ${path}, which every user of this machine can read (mode ${shown}): chmod 0600 ${path}, and make a new token.`,
  );
}

function mountTable(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return ''; // not Linux: no mount is known to be read-only
  }
}

/** Whether the mount that a path lies on is read-only, by the text of /proc/self/mountinfo: the longest mount point, the last of its kind. */
export function isOnReadOnlyMount(path: string, mounts: string): boolean {
  let longest = -1;
  let isReadOnly = false;
  for (const line of mounts.split('\n')) {
    const [, , , , place, options] = line.split(' ');
    if (place === undefined || options === undefined) continue;
    const point = place.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    const isAbove = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (!isAbove || point.length < longest) continue;
    longest = point.length;
    isReadOnly = options.split(',').includes('ro');
  }
  return isReadOnly;
}
