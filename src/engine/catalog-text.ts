/**
 * The text of a catalogue before its shape is looked at: what JSON.parse lets pass in silence (a key that stands twice: the last
 * one wins), and what a database refuses for every user (NUL, half a surrogate pair).
 */
import type { CatalogFault } from './catalog-rules.ts';

export interface CatalogText {
  readonly json: unknown;
  /** A byte order mark stands before the text: taken, but other readers of JSON refuse it. */
  readonly hasMark: boolean;
  readonly faults: readonly CatalogFault[];
}

/** Throws where the bytes are not UTF-8 or not JSON. */
export function readCatalogText(bytes: Uint8Array): CatalogText {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const hasMark = text.startsWith('\uFEFF');
  const body = hasMark ? text.slice(1) : text;
  const json: unknown = JSON.parse(body);
  return { json, hasMark, faults: [...repeatedKeys(body, json), ...badStrings(json, [])] };
}

type Path = readonly (string | number)[];

interface Level {
  /** Undefined in an array. */
  readonly keys: Set<string> | undefined;
  at: string | number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

/** Keys that stand twice in one object. `text` is known to be JSON. */
function repeatedKeys(text: string, json: unknown): CatalogFault[] {
  const faults: CatalogFault[] = [];
  const levels: Level[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{') levels.push({ keys: new Set(), at: '' });
    else if (token === '[') levels.push({ keys: undefined, at: 0 });
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',') {
      if (level!.keys === undefined) level!.at = Number(level!.at) + 1;
    } else if (isKey) {
      const key = JSON.parse(token) as string;
      level!.at = key;
      if (level!.keys!.has(key)) {
        const path = levels.map(({ at }) => at);
        faults.push({ ...placeOf(json, path), fault: 'stands twice; only one of the two can be meant' });
      }
      level!.keys!.add(key);
    }
    isKey = token === '{' || (token === ',' && level!.keys !== undefined);
  }
  return faults;
}

/** Names that go into columns and messages. */
const NAMES = new Set(['id', 'name', 'displayName', 'issuer', 'network', 'method', 'version']);

function badStrings(value: unknown, path: Path): CatalogFault[] {
  if (typeof value === 'string') {
    const fault = faultOf(value, NAMES.has(String(path.at(-1))));
    return fault === undefined ? [] : [{ ...placeOf(undefined, path), fault }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  const faults = entries.flatMap(([key, item]) => badStrings(item, [...path, key]));
  return path.length === 2 && path[0] === 'cards'
    ? faults.map(fault => ({ ...fault, card: idOf(value, path) }))
    : faults;
}

function faultOf(text: string, isName: boolean): string | undefined {
  if (!text.isWellFormed()) return 'has half a surrogate pair, which is no character';
  if (text.includes('\0')) return 'has a NUL character, which no database stores';
  if (!isName) return undefined;
  const control = /\p{Cc}/u.exec(text);
  if (control !== null) {
    const code = control[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    return `has the control character U+${code}`;
  }
  return text.length > 0 && text.trim() === '' ? 'has blanks only' : undefined;
}

/** Which card and field a path names. */
export function placeOf(
  json: unknown,
  path: readonly PropertyKey[],
): { readonly card?: string; readonly field: string } {
  if (path[0] !== 'cards' || typeof path[1] !== 'number') return { field: fieldOf(path) };
  const card = (json as { cards?: unknown[] } | undefined)?.cards?.[path[1]];
  return { card: idOf(card, path), field: fieldOf(path.slice(2)) };
}

/** The id of a card, or its place where it has none. */
function idOf(card: unknown, path: readonly PropertyKey[]): string {
  const id = (card as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' && id !== '' ? id : `number ${Number(path[1]) + 1}`;
}

function fieldOf(path: readonly PropertyKey[]): string {
  const text = path.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the whole';
}
