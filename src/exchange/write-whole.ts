import { messageOf, UsageError } from '../model/errors.ts';
import { OutputFile } from './output-file.ts';

/** Writes a file that takes its name when it is whole. Throws UsageError (FILE_UNWRITABLE). */
export async function writeWhole(path: string, text: string): Promise<void> {
  let file: OutputFile | undefined;
  try {
    file = await OutputFile.open(path);
    await file.write(text);
    await file.finish();
  } catch (error) {
    await file?.discard();
    throw new UsageError('FILE_UNWRITABLE', `Cannot write ${path}: ${messageOf(error)}. Name another file.`, {
      cause: error,
    });
  }
}
