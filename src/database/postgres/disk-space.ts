import { statfsSync } from 'node:fs';
import { DatabaseError } from '../../model/errors.ts';

/** How much a chunk of the usual size may need in tables and log until it is published, with room to spare. */
const CHUNK_BYTES = 128 * 2 ** 20;
/** How much opening a database that is there needs: enough to look at it. */
export const OPENING_BYTES = 8 * 2 ** 20;

/**
 * Throws DISK_FULL (exhausted) before a write that might not fit: PostgreSQL in this process does not survive a log that
 * cannot be written, and would never answer again.
 */
export function requireSpace(folder: string, needed = CHUNK_BYTES): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  const megabytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  throw new DatabaseError(
    'DISK_FULL',
    `Only ${megabytes(free)} MB are free where ${folder} is, and ${megabytes(needed)} MB are needed. Make room, or name a ` +
      'folder on another disk.',
    'exhausted',
  );
}
