import fs, { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CardGeniusError, messageOf } from '../../model/errors.ts';

/** The mode bits of group and others, which are taken away. */
const OTHERS = 0o077;

/**
 * Makes the folder of an embedded database, 0700, with the folders above it that are missing. One that is there and open to
 * others is closed, with all in it, as far as its rights can be changed. Throws DATABASE_UNUSABLE where they cannot, and where the folder or
 * what lay open in it belongs to another user, who could change it again; as PostgreSQL does.
 */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(folder);
  refuseOther(folder, uid);
  if ((mode & OTHERS) === 0) return;
  try {
    chmodSync(folder, 0o700); // first: from here on no other user reaches what is in it
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const path = join(entry.parentPath, entry.name);
      refuseOther(path, statSync(path).uid);
      chmodSync(path, entry.isDirectory() ? 0o700 : 0o600);
    }
  } catch (error) {
    if (error instanceof CardGeniusError) throw error;
    throw new CardGeniusError(
      'DATABASE_UNUSABLE',
      `${folder} is open to other users of this machine, and its rights cannot be changed (${messageOf(error)}). ` +
        'Let its owner say chmod -R go= on it, or name another folder.',
      { cause: error },
    );
  }
}

function refuseOther(path: string, uid: number): void {
  const own = process.geteuid!();
  if (uid === own) return;
  throw new CardGeniusError(
    'DATABASE_UNUSABLE',
    `${path} belongs to another user (uid ${uid}; this process has ${own}): that user could change what is in the database. Start as its ` +
      'owner, or name another folder.',
  );
}

/**
 * Lets this thread make files and folders for its user alone, whatever mode they are asked for with: PGlite asks for 0666 and 0777.
 * The process's umask would do it, too, but it is one for all threads, and an export's mode is its caller's business.
 */
export function makeFilesPrivate(): void {
  const { mkdirSync, writeFileSync, chmodSync, fchmodSync } = fs;
  const own = (mode: fs.Mode | null | undefined, fallback: number): number =>
    (mode === undefined || mode === null ? fallback : typeof mode === 'string' ? Number.parseInt(mode, 8) : mode) &
    0o700;
  fs.mkdirSync = ((path: fs.PathLike, options?: fs.Mode | fs.MakeDirectoryOptions | null) => {
    const given = typeof options === 'object' ? options : { mode: options };
    return mkdirSync(path, { ...given, mode: own(given?.mode, 0o700) });
  }) as typeof fs.mkdirSync;
  fs.writeFileSync = ((path, data, options) => {
    const given = typeof options === 'string' ? { encoding: options } : options;
    return writeFileSync(path, data, { ...given, mode: own(given?.mode, 0o600) });
  }) as typeof fs.writeFileSync;
  fs.chmodSync = (path, mode) => chmodSync(path, own(mode, 0o600));
  fs.fchmodSync = (fd, mode) => fchmodSync(fd, own(mode, 0o600));
}
