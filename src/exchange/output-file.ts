import { randomBytes } from 'node:crypto';
import { constants, write } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { printable } from '../model/printable.ts';
import { descriptorOf, isHandedOver, isStdout } from './streams.ts';

const writeTo = promisify(write);

/** Where an output goes. */
interface Target {
  /** Links resolved. */
  readonly path: string;
  /** A device or a FIFO is written through: it is no file that another could take the place of. */
  readonly isFile: boolean;
  /** A descriptor that the caller has handed over, and closes. */
  readonly descriptor?: number;
  readonly old: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
}

/**
 * The one way in which a file is written. `-` and /dev/stdout are stdout; descriptors, devices and FIFOs are written through; a link is
 * followed.
 * A file is written beside its name, under one that cannot be guessed and for its user alone, and takes its name, with the rights of
 * the old one or else those of the umask, when it is whole. Its opener must end it: `finish`, or `discard`. All throw as the system does.
 */
export class OutputFile {
  readonly #target: Target;
  readonly #draft: string | undefined;
  readonly #file: FileHandle | undefined;

  private constructor(target: Target, draft: string | undefined, file: FileHandle | undefined) {
    this.#target = target;
    this.#draft = draft;
    this.#file = file;
  }

  /** `isDerived`: the file's name was derived. A link in its place is replaced and not followed: another user may have planted it. */
  static async open(path: string, { isDerived = false }: { readonly isDerived?: boolean } = {}): Promise<OutputFile> {
    if (isStdout(path)) return new OutputFile({ path, isFile: false, old: undefined }, undefined, undefined);
    const isLink = isDerived && (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
    const target = isLink ? { path: resolve(path), isFile: true, old: undefined } : await targetOf(path);
    if (target.descriptor !== undefined) return new OutputFile(target, undefined, undefined);
    if (!target.isFile) return new OutputFile(target, undefined, await open(target.path, constants.O_WRONLY));
    const draft = `${target.path}.${randomBytes(6).toString('hex')}.tmp`;
    return new OutputFile(target, draft, await open(draft, 'wx', 0o600));
  }

  /** Writes all of it, and waits until the reader of a pipe has taken it. */
  async write(text: string): Promise<void> {
    const { descriptor } = this.#target;
    if (descriptor !== undefined) {
      for (let rest = Buffer.from(isatty(descriptor) ? printable(text) : text); rest.length > 0; ) {
        rest = rest.subarray((await writeTo(descriptor, rest)).bytesWritten);
      }
      return;
    }
    if (this.#file !== undefined) {
      await this.#file.appendFile(text);
      return;
    }
    if (process.stdout.write(process.stdout.isTTY ? printable(text) : text)) return;
    await new Promise<void>(taken => process.stdout.once('drain', taken));
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    if (this.#file === undefined) return;
    if (this.#draft === undefined) {
      await this.#file.close();
      return;
    }
    const { path, old } = this.#target;
    // Only root can give a file back to its owner; a file of our own needs no change.
    if (old !== undefined && old.uid !== process.getuid?.()) await this.#file.chown(old.uid, old.gid).catch(() => {});
    await this.#file.chmod(old === undefined ? 0o666 & ~process.umask() : old.mode & 0o7777);
    await this.#file.close();
    await rename(this.#draft, path);
  }

  /** Leaves no file. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => {});
    if (this.#draft !== undefined) await rm(this.#draft, { force: true });
  }
}

async function targetOf(path: string): Promise<Target> {
  const descriptor = await descriptorOf(path);
  if (descriptor !== undefined) {
    if (!isHandedOver(descriptor)) throw new Error(`descriptor ${descriptor} was not handed to this command`);
    return { path, isFile: false, descriptor, old: undefined };
  }
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (real === undefined) {
    const link = await readlink(path).catch(() => undefined);
    // A link to a file that is not there yet: that one is made, as a shell's > makes it.
    return link === undefined
      ? { path: resolve(path), isFile: true, old: undefined }
      : targetOf(resolve(dirname(path), link));
  }
  const { mode, uid, gid, isFile } = await stat(path).then(found => ({ ...found, isFile: found.isFile() }));
  // What a descriptor leads to has no path of its own (pipe:[4711]): it is opened by the name that was given.
  return isFile ? { path: real, isFile, old: { mode, uid, gid } } : { path, isFile, old: undefined };
}
