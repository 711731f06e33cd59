import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../model/errors.ts';
import { findFaults } from './catalog-rules.ts';
import { type Card, catalogSchema, type Rules } from './catalog-schema.ts';

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

/** Reads and checks a catalogue. Throws UsageError (CATALOG_…) naming the file, the card and the field. */
export async function loadCatalog(path: string): Promise<Catalog> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${messageOf(error)})`;
    throw new UsageError('CATALOG_UNREADABLE', `The catalogue ${path} ${what}. Name a file like catalog/cards.json.`, {
      cause: error,
    });
  }
  return parseCatalog(bytes, path);
}

/** The same for bytes at hand; `path` is what messages name. */
export function parseCatalog(bytes: Uint8Array, path: string): Catalog {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new UsageError('CATALOG_NOT_JSON', `The catalogue ${path} is not JSON: ${messageOf(error)}.`, {
      cause: error,
    });
  }

  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const { path: at, message } = issue!;
    const unknown = issue!.code === 'unrecognized_keys' ? issue!.keys[0] : undefined;
    if (unknown === undefined) throw wrong(path, idOf(json, at), fieldOf(at), message);
    throw wrong(path, idOf(json, at), fieldOf([...at, unknown]), 'there is no such field');
  }
  const [fault] = findFaults(parsed.data);
  if (fault !== undefined) throw wrong(path, fault.card, fault.field, fault.fault);

  const { version, rules, cards } = parsed.data;
  return { version, rules, cards, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function wrong(path: string, card: string | undefined, field: string, fault: string): UsageError {
  const where = card === undefined ? field : `card ${card}, field ${field}`;
  return new UsageError(
    'CATALOG_INVALID',
    `The catalogue ${path} is wrong at ${where}: ${fault}. Mend it and start again.`,
  );
}

/** The id of the card that an issue is about, or its place where it has none. */
function idOf(json: unknown, at: readonly PropertyKey[]): string | undefined {
  if (at[0] !== 'cards' || typeof at[1] !== 'number') return undefined;
  const card = (json as { cards: { id?: unknown }[] }).cards[at[1]];
  return typeof card?.id === 'string' ? card.id : `number ${at[1] + 1}`;
}

function fieldOf(at: readonly PropertyKey[]): string {
  const path = at[0] === 'cards' && typeof at[1] === 'number' ? at.slice(2) : at;
  const text = path.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the whole';
}
