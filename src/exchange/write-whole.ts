import { rename, rm, writeFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../model/errors.ts';

/** Writes a file that takes its name when it is whole. Throws UsageError (FILE_UNWRITABLE). */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new UsageError('FILE_UNWRITABLE', `Cannot write ${path}: ${messageOf(error)}. Name another file.`, {
      cause: error,
    });
  }
}
