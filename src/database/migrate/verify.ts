import { readShape } from './shape.ts';
import { readNamedMigrations, readSqlFiles, type SqlFile } from './sql-files.ts';
import type { LiveObject, MigrationTarget } from './target.ts';

export interface Drift {
  /** A file of the package, or an object of the database. */
  readonly what: string;
  readonly problem: 'missing' | 'outdated' | 'edited' | 'unknown' | 'altered' | 'dropped' | 'added' | 'not visible';
  readonly detail: string;
  /** Of an altered text: the lines that differ, `- ` as reviewed and `+ ` as it is. */
  readonly lines?: readonly string[];
}

export interface Verification {
  /** Files of the package; objects whose live text was compared. */
  readonly files: number;
  readonly compared: number;
  readonly drift: readonly Drift[];
}

/**
 * Proves that what is installed is what was reviewed: the files against the recorded checksums, and the text of each procedure,
 * function and view against the database's own. Changes nothing.
 */
export async function verifySchema(target: MigrationTarget): Promise<Verification> {
  const applied = await target.appliedFiles();
  const { installed } = await readShape(target, applied.size > 0, false);
  const files = await readSqlFiles(target.dialect, installed.optionalColumns);
  const named = await readNamedMigrations(target.dialect);
  const drift: Drift[] = [];
  for (const file of files) {
    const found = applied.get(file.name);
    if (found === undefined) drift.push({ what: file.path, problem: 'missing', detail: 'was never applied' });
    else if (found.checksum !== file.checksum) {
      const detail = `recorded ${found.checksum.slice(0, 12)}, file ${file.checksum.slice(0, 12)}`;
      drift.push({ what: file.path, problem: file.kind === 'migration' ? 'edited' : 'outdated', detail });
    }
  }
  const known = new Set([...files, ...named].map(file => file.name));
  for (const name of applied.keys()) {
    if (!known.has(name))
      drift.push({ what: name, problem: 'unknown', detail: 'was applied, and this version has no such file' });
  }
  const objects = files.filter(({ name, kind }) => kind === 'object' && applied.has(name));
  const live = applied.size === 0 ? [] : await target.liveObjects();
  return { files: files.length, ...compare(objects, live, drift) };
}

function compare(objects: readonly SqlFile[], live: readonly LiveObject[], drift: Drift[]) {
  const remaining = new Map(live.map(object => [object.name.toLowerCase(), object]));
  let compared = 0;
  for (const { name, path, text } of objects) {
    const stem = name.replace('object:', '');
    const found = remaining.get(stem);
    remaining.delete(stem);
    const what = `cardgenius.${stem}`;
    if (found === undefined) {
      drift.push({ what, problem: 'dropped', detail: 'is recorded as applied, and is not there (or not visible)' });
    } else if (found.definition === null) {
      if (found.textless) continue;
      const detail = 'this login may not read its text: GRANT VIEW DEFINITION ON SCHEMA::cardgenius';
      drift.push({ what, problem: 'not visible', detail });
    } else {
      compared++;
      const difference = differenceOf(normalize(text), normalize(found.definition));
      if (difference !== undefined) {
        const { detail, lines } = difference;
        drift.push({ what, problem: 'altered', detail: `is not as in ${path}: ${detail}`, lines });
      }
    }
  }
  for (const { name } of remaining.values()) {
    drift.push({ what: `cardgenius.${name}`, problem: 'added', detail: 'no file of this version creates it' });
  }
  return { compared, drift };
}

/**
 * The text from the object's name on. What comes before is a comment, or says CREATE, CREATE OR ALTER or ALTER as the last hand
 * had it: SQL Server keeps other words there than those that were sent. Line ends and blanks at their ends do not count.
 */
export function normalize(text: string): string[] {
  const body = /\$\w*\$\n?([\s\S]*)\$\w*\$/.exec(text)?.[1];
  const from = /^[ \t]*(?:CREATE|ALTER)\b[\s\S]*?\b(?:PROC(?:EDURE)?|VIEW|FUNCTION|TRIGGER)\s+(?=\S)/im.exec(text);
  const rest = body ?? (from === null ? text : text.slice(from.index + from[0].length));
  const lines = rest.replace(/\r\n?/g, '\n').replace(/^[\w[\].]+/, name => name.replace(/[[\]]/g, '').toLowerCase());
  return lines
    .replace(/[\s;]+$/, '')
    .split('\n')
    .map(line => line.trimEnd());
}

/** The lines between those that begin and end both texts alike; undefined where the texts are the same. */
function differenceOf(file: readonly string[], live: readonly string[]) {
  let first = 0;
  while (first < file.length && first < live.length && file[first] === live[first]) first++;
  if (first === file.length && first === live.length) return undefined;
  let last = 0;
  while (last < Math.min(file.length, live.length) - first && file.at(-1 - last) === live.at(-1 - last)) last++;
  const quote = (line: string | undefined) => (line === undefined ? 'the end' : `"${line.trim().slice(0, 60)}"`);
  return {
    detail: `line ${first + 1} of its text is ${quote(live[first])}, not ${quote(file[first])}`,
    lines: [
      ...file.slice(first, file.length - last).map(line => `- ${line}`),
      ...live.slice(first, live.length - last).map(line => `+ ${line}`),
    ],
  };
}
