import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CardGeniusError } from '../../model/errors.ts';

/** Who holds a folder: a pid alone is not enough, because pids come back. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * One process at a time on a PGlite folder. Two can open it without an error and ruin it.
 *
 * The lock is a file beside the folder with the pid and the start time of its holder. It frees itself when that process is
 * dead: the next one replaces it. Throws DATABASE_IN_USE, naming the holder, while it lives.
 */
export function lockFolder(folder: string): { unlock(): void } {
  const path = `${folder}.lock`;
  const self: Holder = { pid: process.pid, startedAt: processStart(process.pid) ?? '' };
  mkdirSync(dirname(folder), { recursive: true });

  // A link either makes the file, whole, or fails because it is there: nobody ever reads half a holder.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    for (;;) {
      try {
        linkSync(draft, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) {
        throw new CardGeniusError(
          'DATABASE_IN_USE',
          `Process ${holder.pid} is using ${folder}; one at a time can. Wait for it, or stop it (kill ${holder.pid}).`,
        );
      }
      removeDead(path, `${draft}.dead`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    unlock: () => {
      const holder = readHolder(path);
      if (holder?.pid === self.pid && holder.startedAt === self.startedAt) rmSync(path, { force: true });
    },
  };
}

/** Takes a dead holder's lock away; should somebody have replaced it in between, theirs is put back. */
function removeDead(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = readHolder(aside);
  if (holder !== undefined && isAlive(holder)) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = processStart(pid);
  return start === undefined || startedAt === '' || start === startedAt;
}

/** When a process started, in the kernel's own ticks since boot; undefined where there is no /proc to ask. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
