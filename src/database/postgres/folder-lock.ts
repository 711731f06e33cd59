import { closeSync, constants, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CardGeniusError, DatabaseError } from '../../model/errors.ts';

/** The process that holds a folder, for people alone: the lock itself is the system's. */
interface Holder {
  readonly pid: number;
  /** In which the pid means something; empty where the system does not say. */
  readonly pidNamespace: string;
  readonly host: string;
  /** Until it is stopped, as `serve` does; a holder that does not is soon done. */
  readonly stays: boolean;
}

interface LockOptions {
  /** This process keeps the folder until it is stopped. */
  readonly stays?: boolean;
  /** This process has asked at the holder's door, and none answered: it may be about to open. */
  readonly hasKnocked?: boolean;
}

/** A link is not followed: a user who could once write to the folder may have laid it. */
const NEW = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
/** SQLite's code for a lock that another connection has. */
const SQLITE_BUSY = 5;

/**
 * One process at a time on a PGlite folder. Two can open it without an error and ruin it.
 *
 * The lock is the system's advisory lock on a file inside the folder, taken by SQLite: it belongs to the file and not to a
 * path or a pid, so that it holds between containers and bind mounts of one machine, and the system frees it when its
 * holder is dead. Throws DATABASE_IN_USE, naming the holder, while it lives: transient where a wait may help.
 */
export function lockFolder(
  folder: string,
  { stays = false, hasKnocked = false }: LockOptions = {},
): { unlock(): void } {
  const path = join(folder, 'cardgenius.lock');
  const holderPath = join(folder, 'cardgenius.holder');
  closeSync(openSync(path, NEW, 0o600)); // SQLite itself would make it readable for all
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // No journal: nothing is ever written, and nothing lies beside the lock.
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw inUse(folder, readHolder(holderPath), hasKnocked);
  }
  const self: Holder = { pid: process.pid, pidNamespace: pidNamespace(), host: hostname(), stays };
  rmSync(holderPath, { force: true }); // one that died left it; or it is a link, which would lead the writing elsewhere
  writeFileSync(holderPath, JSON.stringify(self), { mode: 0o600, flag: 'wx' });
  let isHeld = true;
  return {
    unlock: () => {
      if (!isHeld) return;
      isHeld = false;
      rmSync(holderPath, { force: true });
      lock.close();
    },
  };
}

function inUse(folder: string, holder: Holder | undefined, hasKnocked: boolean): CardGeniusError {
  const isHere = holder?.pidNamespace === pidNamespace() && holder.host === hostname();
  if (isHere && holder?.pid === process.pid) {
    return new CardGeniusError(
      'DATABASE_IN_USE',
      `This program has ${folder} open already. Hand on the database that it has opened, or close it first ` +
        '(await using, or await opened[Symbol.asyncDispose]()).',
    );
  }
  const who =
    holder === undefined
      ? 'Another process'
      : isHere
        ? `Process ${holder.pid}`
        : `Process ${holder.pid} of another container or machine (${holder.host})`;
  const stop = isHere ? ` (kill ${holder.pid})` : ' where it runs';
  if (holder?.stays === true && hasKnocked) {
    return new DatabaseError(
      'DATABASE_IN_USE',
      `${who} is using ${folder}, and does not answer yet: it has just started, or is busy. Try again; if it stays so, stop it${stop} and start it anew.`,
      'transient',
    );
  }
  const fact = `${who} is using ${folder}; only one process can at a time. Wait for it, or stop it${stop}.`;
  if (holder?.stays !== true) return new DatabaseError('DATABASE_IN_USE', fact, 'transient');
  return new CardGeniusError(
    'DATABASE_IN_USE',
    `${fact} While it is alive, these work beside it: status, errors, runs, report, recommend, alerts list, schedule list, import, export, catalog export, catalog diff --database, pause, resume, cancel, retry, redo and schedule run.`,
  );
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined; // it has the lock, and has not written who it is yet
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
