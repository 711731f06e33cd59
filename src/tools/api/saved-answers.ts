/** Answers that were saved, one user a file, read one by one: a thousand of them do not fit in memory at once. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsageError, unreadable } from '../../model/errors.ts';
import { type ApiCard, isObject, numberOf, readAnswer } from './answer.ts';
import { type ApiRequest, KEYS } from './request.ts';

/** One user's request and what the API answered. */
export interface ApiAnswer {
  readonly userId: string;
  readonly request: ApiRequest;
  /** Keys of the request beyond our four that have spends: the API counts them in its totals. */
  readonly otherKeys: readonly string[];
  readonly cards: readonly ApiCard[];
}

/** A file that is no answer, and why. */
export interface BrokenAnswer {
  readonly userId: string;
  readonly problem: string;
}

/**
 * Reads a folder of `{ user_id?, request, response }`. A file that cannot be used comes as a BrokenAnswer that names it, in its
 * place. Throws UsageError (ANSWERS_UNREADABLE, ANSWERS_EMPTY) where there is no folder, or no file.
 */
export async function* readAnswers(folder: string): AsyncGenerator<ApiAnswer | BrokenAnswer> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError('ANSWERS_UNREADABLE', `${folder} ${unreadable(error)}. Name a folder.`, {
      cause: error,
    });
  });
  const files = names.filter(name => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new UsageError('ANSWERS_EMPTY', `${folder} has no .json files. Each holds { "request": …, "response": … }.`);
  }
  for (const name of files) {
    const path = join(folder, name);
    const fallback = name.slice(0, -'.json'.length);
    let json: unknown;
    try {
      json = parseJson(await readFile(path));
    } catch (error) {
      yield { userId: fallback, problem: `${path} is not JSON: ${messageOf(error)}` };
      continue;
    }
    const answer = answerOf(json, fallback);
    yield 'problem' in answer ? { ...answer, problem: `${path} ${answer.problem}` } : answer;
  }
}

/** UTF-8, with or without a byte order mark. Throws where it is not JSON; the message quotes nothing of it. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Error('the file is empty');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const at = /position \d+( \(line \d+ column \d+\))?/.exec(messageOf(error))?.[0];
    throw new Error(at === undefined ? 'it is cut, or no UTF-8 text' : `it is broken at ${at}`, { cause: error });
  }
}

/** A saved answer as it stands in its file. The problem is a sentence without its subject, which is the file. */
export function answerOf(json: unknown, fallbackId: string): ApiAnswer | BrokenAnswer {
  const id = isObject(json) ? (json.user_id ?? json.userId) : undefined;
  const userId = typeof id === 'string' && id !== '' ? id : typeof id === 'number' ? String(id) : fallbackId;
  if (!isObject(json) || !isObject(json.request)) {
    return { userId, problem: 'is no { "request": …, "response": … }: it says of no request which spends were sent' };
  }
  const { request: sent, response } = json;
  const spends = Object.entries(sent).map(
    ([key, value]) => [key, value == null || value === '' ? 0 : numberOf(value)] as const,
  );
  const wrong = spends.find(
    ([key, value]) => (KEYS as readonly string[]).includes(key) && !(value !== undefined && value >= 0),
  );
  if (wrong !== undefined) return { userId, problem: `has a request whose ${wrong[0]} is no amount` };
  const read = readAnswer(response);
  if ('problem' in read) return { userId, problem: `has no answer: ${read.problem}` };
  const byKey = new Map(spends);
  return {
    userId,
    request: Object.fromEntries(KEYS.map(key => [key, byKey.get(key) ?? 0])) as unknown as ApiRequest,
    otherKeys: spends
      .filter(([key, value]) => !(KEYS as readonly string[]).includes(key) && (value ?? 0) > 0)
      .map(([key]) => key),
    cards: read.cards,
  };
}
