import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf, UsageError, unreadable } from '../model/errors.ts';
import { issueWords } from '../model/issue-words.ts';
import { type CatalogFault, findFaults } from './catalog-rules.ts';
import { type Card, type CatalogFile, catalogSchema, type Rules } from './catalog-schema.ts';
import { placeOf, readCatalogText } from './catalog-text.ts';

/** A catalogue that has passed every check. */
export interface Catalog {
  readonly version: string;
  /** By which rules figures are computed; what the file leaves out has its default. */
  readonly rules: Rules;
  /** All of them, in the file's order; only those with status `open` are recommended. */
  readonly cards: readonly Card[];
  /** SHA-256 (hex) of the file's bytes. */
  readonly sha256: string;
}

/** All that is wrong with a catalogue's bytes. `catalog check` prints the list; every other command refuses the first of it. */
export interface CatalogInspection {
  /** As it was parsed; undefined where it is not JSON. */
  readonly json: unknown;
  /** The catalogue as the schema reads it; undefined where its shape is wrong. */
  readonly file: CatalogFile | undefined;
  readonly hasMark: boolean;
  readonly faults: readonly (CatalogFault & { readonly kind: 'text' | 'schema' | 'rule' })[];
}

/** How large a catalogue's file may be: one of 10,000 cards has some 20 MB. */
const MOST_BYTES = 67_108_864;

/** Reads a catalogue's bytes. Throws UsageError (CATALOG_UNREADABLE). */
export async function readCatalogFile(path: string): Promise<Buffer> {
  const refused = (what: string, options?: ErrorOptions) =>
    new UsageError(
      'CATALOG_UNREADABLE',
      `The catalogue ${path} ${what}. Name a file like catalog/cards.json.`,
      options,
    );
  try {
    const found = await stat(path);
    // A FIFO without a writer would hold the service up for ever, and a device has no end. What a shell hands over has a writer.
    const isHandedOver = /^\/(dev|proc\/self)\/fd\/\d+$|^\/dev\/stdin$/.test(path);
    if (!found.isFile() && !found.isDirectory() && !isHandedOver) throw refused('is a device or a pipe, and no file');
    if (found.size > MOST_BYTES) throw refused(`has ${found.size} bytes, and at most ${MOST_BYTES} are read`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refused(unreadable(error), { cause: error });
  }
}

/** Reads and checks a catalogue. Throws UsageError (CATALOG_…) naming the file, the card and the field. */
export async function loadCatalog(path: string): Promise<Catalog> {
  return parseCatalog(await readCatalogFile(path), path);
}

/** The same for bytes at hand; `path` is what messages name. */
export function parseCatalog(bytes: Uint8Array, path: string): Catalog {
  const { file, faults } = inspectCatalog(bytes, path);
  const [fault] = faults;
  if (fault !== undefined) throw wrong(path, fault);
  const { version, rules, cards } = file!;
  return { version, rules, cards, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Every check of a catalogue: its text, its shape, its rules. Throws UsageError (CATALOG_NOT_JSON). */
export function inspectCatalog(bytes: Uint8Array, path: string): CatalogInspection {
  let text: ReturnType<typeof readCatalogText>;
  try {
    text = readCatalogText(bytes);
  } catch (error) {
    throw new UsageError('CATALOG_NOT_JSON', `The catalogue ${path} is not JSON: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const { json, hasMark } = text;
  const parsed = catalogSchema.safeParse(json, { error: issueWords });
  const textFaults = text.faults.map(fault => ({ ...fault, kind: 'text' as const }));
  if (parsed.success) {
    const rules = findFaults(parsed.data).map(fault => ({ ...fault, kind: 'rule' as const }));
    return { json, hasMark, file: parsed.data, faults: [...textFaults, ...rules] };
  }
  const shape = parsed.error.issues.map(issue => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    return unknown === undefined
      ? { ...placeOf(json, issue.path), fault: issue.message, kind: 'schema' as const }
      : { ...placeOf(json, [...issue.path, unknown]), fault: 'there is no such field', kind: 'schema' as const };
  });
  return { json, hasMark, file: undefined, faults: [...textFaults, ...shape] };
}

function wrong(path: string, { card, field, fault }: CatalogFault): UsageError {
  const where = card === undefined ? field : `card ${card}, field ${field}`;
  return new UsageError(
    'CATALOG_INVALID',
    `The catalogue ${path} is wrong at ${where}: ${fault}. Correct it: the next run or fire loads it again.`,
  );
}
