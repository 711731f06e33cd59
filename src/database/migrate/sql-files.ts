import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../package.ts';
import type { Dialect } from '../driver.ts';

/** One SQL file of the package, in the order in which it is applied. */
export interface SqlFile {
  /** What `cardgenius.migration` records: `0001_migration` for a migration, `object:claim_chunk` for an object. */
  readonly name: string;
  readonly kind: 'migration' | 'object';
  /** Relative to the package: what a message names. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 (hex) of the text with line ends as LF. */
  readonly checksum: string;
  /** An older program must not work on a schema that has this. */
  readonly breaking: boolean;
}

/**
 * The files of an engine: numbered migrations, run once, in order; then views, then procedures and functions, which are
 * applied again whenever their text changes. (Views first: a function may be checked against them as it is created.)
 */
export async function readSqlFiles(engine: Dialect): Promise<SqlFile[]> {
  const migrations = await readFolder(join('migrations', engine), 'migration');
  const objects = await readFolder(join('sql', engine), 'object');
  const isView = (file: SqlFile) => /^\s*CREATE\s+(OR\s+(REPLACE|ALTER)\s+)?VIEW\b/im.test(file.text);
  return [...migrations, ...objects.filter(isView), ...objects.filter(file => !isView(file))];
}

async function readFolder(folder: string, kind: SqlFile['kind']): Promise<SqlFile[]> {
  const names = (await readdir(join(PACKAGE_ROOT, folder))).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async fileName => {
      const path = join(folder, fileName);
      const text = (await readFile(join(PACKAGE_ROOT, path), 'utf8')).replace(/\r\n?/g, '\n');
      const stem = fileName.slice(0, -'.sql'.length);
      return {
        name: kind === 'migration' ? stem : `object:${stem}`,
        kind,
        path,
        text,
        checksum: createHash('sha256').update(text).digest('hex'),
        breaking: /^-- Breaking\b/m.test(text),
      };
    }),
  );
}
