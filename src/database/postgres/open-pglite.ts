import { accessSync, constants, existsSync, lstatSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CardGeniusError, messageOf, UsageError } from '../../model/errors.ts';
import { type OpenedEngine, type Operations, operationsOf } from '../database.ts';
import { OPENING_BYTES, requireSpace } from './disk-space.ts';
import { hasDoor, knock, openDoor, removeOldDoor } from './folder-door.ts';
import { lockFolder } from './folder-lock.ts';
import { makePrivateFolder } from './folder-rights.ts';
import { Pglite } from './pglite.ts';
import { postgresDriver } from './postgres-driver.ts';
import { PostgresMigrationTarget } from './postgres-migration-target.ts';

/** Those of OpenOptions that matter here. */
interface PgliteOptions {
  readonly light?: boolean;
  readonly stays?: boolean;
  readonly beside?: boolean;
}

/**
 * Opens the embedded engine: a folder that is made where it does not exist, or `memory`.
 *
 * Throws DATABASE_IN_USE while another process has the folder, and DATABASE_UNUSABLE where it cannot be opened.
 */
export async function openPglite(location: string, options: PgliteOptions = {}): Promise<OpenedEngine> {
  if (location === 'memory') return open(new Pglite('memory://', options), 'pglite:memory', () => {});

  const folder = realFolder(resolve(location));
  refuseClosedFolder(folder);
  let lock: ReturnType<typeof lockFolder> | undefined;
  try {
    if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? true)) {
      throw new UsageError('DATABASE_URL', `${folder} is a file; pglite: needs a folder. Name another one.`);
    }
    refuseForeignFolder(folder);
    if (existsSync(join(folder, 'PG_VERSION'))) requireSpace(folder, OPENING_BYTES);
    else requireSpace(nearestFolder(folder));
    makePrivateFolder(folder);
    lock = lockFolder(folder, {
      stays: options.stays === true,
      hasKnocked: options.beside === true && hasDoor(folder),
    });
    removeOldDoor(folder);
    removeTornPid(folder);
  } catch (error) {
    lock?.unlock();
    if (error instanceof CardGeniusError) throw error;
    throw new CardGeniusError(
      'DATABASE_UNUSABLE',
      `Cannot make ${folder}: ${messageOf(error)}. Name a folder that can be written.`,
    );
  }
  try {
    return await open(new Pglite(folder, options), `pglite:${location}`, () => lock.unlock(), folder);
  } catch (error) {
    lock.unlock();
    throw error;
  }
}

/** The operations of an embedded database that another process has open, as far as that process answers; undefined where none does. */
export async function askHolder(location: string): Promise<Operations | undefined> {
  const folder = location === 'memory' ? '' : resolve(location);
  if (!existsSync(folder)) return undefined;
  const driver = await knock(realpathSync(folder), `pglite:${location}`);
  return driver && operationsOf(driver);
}

/** A folder, or one above it, that this process may not enter. Throws DATABASE_UNUSABLE. */
function refuseClosedFolder(folder: string): void {
  try {
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
      accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new CardGeniusError(
      'DATABASE_UNUSABLE',
      `${folder} may not be entered by this user (${userInfo().username}): it is another user's. Start as its owner, or name another folder.`,
      { cause: error },
    );
  }
}

/** Where a link leads: PGlite takes none. Throws UsageError where it leads nowhere. */
function realFolder(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (!isLink(path)) return path;
  throw new UsageError(
    'DATABASE_URL',
    `${path} is a link that leads nowhere. Make the folder that it names, or name another one.`,
  );
}

/** False also where it may not be looked at. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false;
  }
}

/** The folder itself, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** The lock's own files do not count as content of a folder. */
const isOurs = (name: string): boolean => name.startsWith('cardgenius.');

/** A folder that holds anything else would be littered with the files of a new database. */
function refuseForeignFolder(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, 'PG_VERSION')) || readdirSync(folder).every(isOurs)) return;
  throw new CardGeniusError(
    'DATABASE_UNUSABLE',
    `${folder} is not a PGlite database, and not empty. Name another folder; cardgenius makes it.`,
  );
}

/**
 * PostgreSQL does not start beside an empty postmaster.pid: a server may be about to write it. Here no server
 * is: the folder is ours, and a process was killed between making the file and writing it.
 */
function removeTornPid(folder: string): void {
  const path = join(folder, 'postmaster.pid');
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path);
}

async function open(pglite: Pglite, description: string, onClose: () => void, folder?: string) {
  try {
    await pglite.query('SELECT 1');
  } catch (error) {
    await pglite.close().catch(() => {});
    throw new CardGeniusError(
      'DATABASE_UNUSABLE',
      `Cannot open ${description}: ${messageOf(error)}. If the folder is not a PGlite database, name another one.`,
      { cause: error },
    );
  }
  const target = new PostgresMigrationTarget(pglite);
  if ((await target.appliedFiles()).has('object:expire_leases')) {
    await pglite.query('SELECT * FROM cardgenius.expire_leases()');
  }
  const requireRoom = folder === undefined ? () => {} : () => requireSpace(folder);
  const door: { close(): void } = { close: () => {} };
  const driver = postgresDriver(pglite, {
    description,
    requireRoom,
    vacuums: true,
    onClose: () => {
      door.close();
      onClose();
    },
  });
  const admitOthers = () => {
    if (folder !== undefined) Object.assign(door, openDoor(folder, driver));
  };
  return { ...operationsOf(driver), target, admitOthers };
}
