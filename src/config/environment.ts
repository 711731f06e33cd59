import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { distance } from '../model/distance.ts';
import { messageOf, UsageError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import { KEYS, type Key } from './keys.ts';
import { checkTokenFile } from './secret-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

type Tree = { [key: string]: unknown };

/**
 * Puts what the environment says over a configuration; with `fillsOnly` it only fills what that leaves out. Answers the whole, and
 * which variable each key came from.
 */
export function applyEnvironment(
  config: object,
  env: Environment,
  cwd: string,
  fillsOnly = false,
): { config: object; origins: ReadonlyMap<string, string> } {
  const merged: Tree = { ...config };
  const origins = new Map<string, string>();
  for (const key of KEYS) {
    const variable = env[key.variable] ? key.variable : key.secret ? `${key.variable}_FILE` : undefined;
    const given = variable === undefined ? undefined : env[variable];
    if (variable === undefined || !given || (fillsOnly && at(config, key.path) !== undefined)) continue;
    // A password's file is read as it is: the database decides what that login may do. A token lets in each reader of its file.
    if (variable !== key.variable && key.path[0] === 'dashboard') checkTokenFile(variable, resolve(cwd, given));
    const text = variable === key.variable ? given : firstLine(variable, given, cwd);
    put(merged, key.path, parsedAs(key, variable, text));
    origins.set(key.path.join('.'), variable);
  }
  return { config: merged, origins };
}

/** What stands at a path of a configuration; undefined where it has no such key. */
export function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((place, step) => (place as Record<string, unknown> | null | undefined)?.[step], tree);
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let place = tree;
  for (const step of path.slice(0, -1)) {
    const inner = place[step];
    const copy: Tree = typeof inner === 'object' ? { ...inner } : {}; // the configuration itself stays as it was written
    place[step] = copy;
    place = copy;
  }
  place[path.at(-1)!] = value;
}

function parsedAs({ kind }: Key, variable: string, text: string): unknown {
  const wrong = (what: string) => new UsageError('CONFIG_INVALID', `${variable} must be ${what}; it is "${text}".`);
  if (kind === 'number') {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw wrong('a number');
    return value;
  }
  if (kind === 'flag') {
    if (!/^(true|false)$/.test(text.trim())) throw wrong('true or false');
    return text.trim() === 'true';
  }
  if (kind === 'list') return listOf(text);
  if (kind === 'text') return text.trim();
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser quotes the text, and an address in it may hold a key.
    const at = /position \d+(?: \(line \d+ column \d+\))?|end (?=of JSON)/.exec(messageOf(error))?.[0].trim();
    const where = at === undefined ? '' : `, which it is not at ${at === 'end' ? 'its end' : at}`;
    throw new UsageError('CONFIG_INVALID', `${variable} must be JSON, a list [ … ] or an object { … }${where}.`);
  }
}

/** Parts between commas; one within double quotes belongs to its part: "Rao, Asha" <asha@example.com>. */
function listOf(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/g) ?? [''];
  return parts.map(part => part.trim());
}

/** CARDGENIUS_DATABASE_PASSWORD, or the first line of the file that CARDGENIUS_DATABASE_PASSWORD_FILE names. */
export function readPassword(env: Environment, cwd: string): Secret | undefined {
  const { CARDGENIUS_DATABASE_PASSWORD: given, CARDGENIUS_DATABASE_PASSWORD_FILE: file } = env;
  if (given) return new Secret(given.replace(/[\r\n]+$/, '')); // what an env file with Windows' line ends leaves
  return file ? new Secret(firstLine('CARDGENIUS_DATABASE_PASSWORD_FILE', file, cwd)) : undefined;
}

/** Variables of ours that are no key of the configuration. */
const OTHERS = ['CARDGENIUS_DATABASE_PASSWORD', 'CARDGENIUS_DATABASE_PASSWORD_FILE'];

/**
 * Variables that are one of ours but for a letter or two. They are told and not refused: others may have a use for the name, as
 * Kubernetes has for CARDGENIUS_SERVICE_HOST.
 */
export function misspelledVariables(env: Environment): { readonly name: string; readonly nearest: string }[] {
  const known = [
    ...OTHERS,
    ...KEYS.flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable])),
  ];
  return Object.keys(env)
    .filter(name => /^CARDG/.test(name) && !known.includes(name))
    .flatMap(name => {
      const nearest = known.find(variable => distance(variable, name) <= 2);
      return nearest === undefined ? [] : [{ name, nearest }];
    });
}

/** The first line of a file with a secret, without the mark that some editors begin a file with. */
function firstLine(variable: string, file: string, cwd: string): string {
  const [line] = readLines(variable, file, cwd);
  if (line !== '') return line!;
  throw new UsageError(
    'CONFIG_UNREADABLE',
    `${variable} names ${file}, whose first line is empty. Write the secret there.`,
  );
}

/** A secret is one line: of a device, or of a file named by mistake, no more is read than that may have. */
function readBeginning(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(65_536);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

function readLines(variable: string, file: string, cwd: string): string[] {
  try {
    return readBeginning(resolve(cwd, file.trim()))
      .replace(/^\uFEFF/, '')
      .split(/\r\n|\r|\n/);
  } catch (error) {
    // Without the value, and without the cause, which quotes it: a secret may stand there in place of the file's path.
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(
      'CONFIG_UNREADABLE',
      `${variable} names a file that cannot be read (${code}): give the path of a file with the secret in its first line.`,
    );
  }
}
