import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OPTIONAL_COLUMNS } from '../../model/contract.ts';
import { PACKAGE_ROOT } from '../../package.ts';
import type { Dialect } from '../driver.ts';
import { resolveMarks } from './marks.ts';

/** One SQL file of the package, in the order in which it is applied. */
export interface SqlFile {
  /**
   * What `cardgenius.migration` records: `0001_migration` for a migration, `object:claim_chunk` for an object, `named:NAME` for a
   * migration that is only applied where it is asked for by name.
   */
  readonly name: string;
  readonly kind: 'migration' | 'object' | 'named';
  /** Relative to the package: what a message names. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 (hex) of the text as it is installed, with line ends as LF. */
  readonly checksum: string;
  /** An older program must not work on a schema that has this. */
  readonly breaking: boolean;
}

/**
 * The files of a dialect: numbered migrations, run once, in order; then views, then procedures and functions, which are
 * applied again whenever their text changes. (Views first: a function may be checked against them as it is created.)
 * Marked lines stand in the text where `columns`, the optional columns of the contract tables, has their columns.
 */
export async function readSqlFiles(
  dialect: Dialect,
  columns: readonly string[] = OPTIONAL_COLUMNS,
): Promise<SqlFile[]> {
  const migrations = await readFolder(join('migrations', dialect), 'migration');
  const there = new Set(columns);
  const objects = (await readFolder(join('sql', dialect), 'object')).map(file => {
    const text = resolveMarks(file.text, column => there.has(column));
    return { ...file, text, checksum: checksumOf(text) };
  });
  // What the bodies of LANGUAGE sql call must be there before them.
  const isFirst = ({ name }: SqlFile) => name === 'object:clock';
  const isView = (file: SqlFile) => /^\s*CREATE\s+(OR\s+(REPLACE|ALTER)\s+)?VIEW\b/im.test(file.text);
  const rest = objects.filter(file => !isFirst(file) && !isView(file));
  return [...migrations, ...objects.filter(isFirst), ...objects.filter(isView), ...rest];
}

/** The migrations that change CashKaro's tables: each is applied where it is asked for by name, and never else. */
export async function readNamedMigrations(dialect: Dialect): Promise<SqlFile[]> {
  return readFolder(join('migrations', dialect, 'named'), 'named');
}

/** A file of queries/: what doctor asks, and the questions of operators. */
export async function readQuery(dialect: Dialect, name: string): Promise<string> {
  return readFile(join(PACKAGE_ROOT, 'queries', dialect, `${name}.sql`), 'utf8');
}

const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function readFolder(folder: string, kind: SqlFile['kind']): Promise<SqlFile[]> {
  const names = (await readdir(join(PACKAGE_ROOT, folder))).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async fileName => {
      const path = join(folder, fileName);
      const text = (await readFile(join(PACKAGE_ROOT, path), 'utf8')).replace(/\r\n?/g, '\n');
      const stem = fileName.slice(0, -'.sql'.length);
      return {
        name: kind === 'migration' ? stem : `${kind}:${stem}`,
        kind,
        path,
        text,
        checksum: checksumOf(text),
        breaking: /^-- Breaking\b/m.test(text),
      };
    }),
  );
}
