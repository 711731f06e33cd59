import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeWhole } from '../../exchange/write-whole.ts';
import { CardGeniusError, messageOf, UsageError } from '../../model/errors.ts';
import { isLoopback } from '../../model/loopback.ts';
import { readAnswer } from './answer.ts';
import type { ApiRequest } from './request.ts';
import { type ApiAnswer, answerOf, type BrokenAnswer, parseJson } from './saved-answers.ts';

const MAX_ATTEMPTS = 4;
/** How many requests with spends in a row may have no answer; then the requests are not the cause. */
const MAX_REFUSALS = 3;
const CALL_MS = 30_000;
/** How long a call waits at most, however long the API asks for: a command that waits for days has hung. */
export const LONGEST_WAIT_MS = 120_000;

export interface ApiClientOptions {
  readonly url: string;
  /** How messages name it, where its path may hold a key. */
  readonly shown?: string;
  /** Sent with each call and kept nowhere. */
  readonly headers: Readonly<Record<string, string>>;
  readonly callsPerSecond: number;
  /** Where answers are kept: what was answered once is not asked again. Without it nothing is kept. */
  readonly folder?: string | undefined;
  /** All attempts together. API_BUDGET where one more would be needed. */
  readonly maxCalls?: number;
  /** Ends a call that is under way. */
  readonly signal?: AbortSignal;
  /** Waits, in milliseconds; tests bring their own. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** Where a sentence for people goes. */
  readonly say?: (sentence: string) => void;
}

/** Asks the live API: one call after another, no faster than asked, and each good answer kept. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #shown: string;
  readonly #wait: (milliseconds: number) => Promise<unknown>;
  readonly #say: (sentence: string) => void;
  #nextAt = 0;
  #refusals = 0;
  /** Calls that went out, repeated ones too; and answers that were kept from before. */
  asked = 0;
  kept = 0;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#shown = options.shown ?? maskedUrl(options.url);
    this.#wait = options.wait ?? (milliseconds => setTimeout(milliseconds));
    this.#say = options.say ?? (() => {});
  }

  /**
   * The answer, or why this one request has none: the API refuses it (status 400 or 422), or answers without cards. Throws
   * CardGeniusError (API_FAILED) after four attempts, or at once for an error that a retry cannot fix, and after three refusals in a row;
   * API_BUDGET where the calls are used up.
   */
  async ask(userId: string, request: ApiRequest): Promise<ApiAnswer | BrokenAnswer> {
    const { folder } = this.#options;
    const key = createHash('sha256')
      .update(JSON.stringify([this.#shown, request]))
      .digest('hex')
      .slice(0, 24);
    const path = folder === undefined ? undefined : join(folder, `${key}.json`);
    const kept = path === undefined ? undefined : await this.#readKept(path, userId);
    if (kept !== undefined) return kept;
    const outcome = await this.#post(request);
    if ('why' in outcome) return this.#refused(userId, request, outcome.why);
    this.#refusals = 0;
    const { response } = outcome;
    if (path !== undefined) {
      await mkdir(folder!, { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ user_id: userId, url: this.#shown, request, response }, null, 1);
      await writeWhole(path, `${text}\n`);
    }
    return answerOf({ user_id: userId, request, response }, userId);
  }

  /** A request without any spend may be refused again and again: that says nothing of the others. */
  #refused(userId: string, request: ApiRequest, why: string): BrokenAnswer {
    const problem = `the API gave no answer to this request: ${why}`;
    if (Object.values(request).some(spend => spend > 0) && ++this.#refusals >= MAX_REFUSALS) throw this.#failed(why);
    return { userId, problem };
  }

  #failed(why: string): CardGeniusError {
    const kept = this.#options.folder === undefined ? 'Nothing was written.' : 'What was answered so far is kept.';
    return new CardGeniusError('API_FAILED', `${this.#shown} gave no answer: ${why}. ${kept}`);
  }

  async #readKept(path: string, userId: string): Promise<ApiAnswer | undefined> {
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined) return undefined;
    let problem: string;
    try {
      const answer = answerOf(parseJson(bytes), userId);
      if (!('problem' in answer)) {
        this.kept++;
        return { ...answer, userId };
      }
      problem = answer.problem;
    } catch (error) {
      problem = `is not JSON: ${messageOf(error)}`;
    }
    this.#say(`The kept answer ${path} ${problem}. The API is asked again.`);
    return undefined;
  }

  async #post(request: ApiRequest): Promise<{ readonly response: unknown } | { readonly why: string }> {
    for (let attempt = 1; ; attempt++) {
      if (this.asked >= (this.#options.maxCalls ?? Number.POSITIVE_INFINITY)) {
        throw new CardGeniusError('API_BUDGET', `The ${this.asked} calls that this command may make are used up.`);
      }
      await this.#turn();
      this.asked++;
      const outcome = await this.#call(request);
      if ('response' in outcome) return outcome;
      const { why, mayPass, isRefusal, waitMs = 1_000 * 2 ** (attempt - 1) } = outcome;
      if (!mayPass || attempt >= MAX_ATTEMPTS) {
        if (isRefusal) return { why };
        throw this.#failed(why);
      }
      if (waitMs >= 5_000) this.#say(`${this.#shown}: ${why}. It is asked again in ${Math.ceil(waitMs / 1_000)} s.`);
      await this.#wait(waitMs);
    }
  }

  /** One attempt. A redirect is not followed: the headers are for the address that was named. */
  async #call(request: ApiRequest): Promise<Outcome> {
    const { url, headers, signal } = this.#options;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(request),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(CALL_MS), ...(signal === undefined ? [] : [signal])]),
      });
      if (response.ok) {
        const body: unknown = await response.json().catch(() => undefined);
        const read = readAnswer(body);
        if (!('problem' in read)) return { response: body };
        return {
          why: `with status ${response.status}, ${body === undefined ? 'no JSON came' : read.problem}`,
          mayPass: true,
          isRefusal: body !== undefined,
        };
      }
      await response.body?.cancel();
      const { status } = response;
      const mayPass = status === 429 || status === 408 || status >= 500;
      const isRefusal = status === 400 || status === 422;
      return { why: `status ${status}`, mayPass, isRefusal, ...this.#waitAsAsked(response.headers.get('retry-after')) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
      if (/redirect/.test(cause)) {
        return {
          why: 'it answers with a redirect, which is not followed. Name the address that it leads to',
          mayPass: false,
        };
      }
      // Nothing went out: what fetch says of a request that it cannot make quotes it.
      if (error instanceof TypeError && cause === '') return { why: 'the request cannot be made', mayPass: false };
      return { why: [messageOf(error), cause].filter(Boolean).join(': '), mayPass: true };
    }
  }

  #waitAsAsked(header: string | null): { waitMs?: number } {
    const waitMs = retryAfterMs(header, Date.now());
    if (waitMs === undefined) return {};
    if (waitMs > LONGEST_WAIT_MS) {
      const asked = Math.round(waitMs / 1_000);
      this.#say(
        `${this.#shown} asks to be left alone for ${asked} s; it is asked again in ${LONGEST_WAIT_MS / 1_000} s.`,
      );
    }
    return { waitMs: Math.min(waitMs, LONGEST_WAIT_MS) };
  }

  /** Waits until the next call may go out. */
  async #turn(): Promise<void> {
    const now = performance.now();
    const waitMs = this.#nextAt - now;
    this.#nextAt = Math.max(now, this.#nextAt) + 1_000 / this.#options.callsPerSecond;
    if (waitMs > 0) await this.#wait(waitMs);
  }
}

type Outcome =
  | { readonly response: unknown }
  | {
      readonly why: string;
      readonly mayPass: boolean;
      /** It was answered, and says that this request has no answer. */
      readonly isRefusal?: boolean;
      readonly waitMs?: number;
    };

/** `Retry-After`, in seconds or as a date, as milliseconds from now; undefined where it says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (!Number.isNaN(seconds)) return seconds > 0 ? seconds * 1_000 : undefined;
  const at = Date.parse(header);
  return at > now ? at - now : undefined;
}

/** An address as it may be shown and kept: no user, no password, no value of its query, which may be one bare key. */
export function maskedUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  const names = search
    .slice(1)
    .split('&')
    .filter(Boolean)
    .map(part => (part.includes('=') ? `${part.split('=', 1)[0]}=***` : '***'));
  return `${origin}${pathname}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}

/**
 * Throws UsageError (PARITY_URL) where it is no address that can be asked, or holds a password; and where it is http:// to another
 * machine, unless the operator says that the network between is trusted: spends and headers would go over the wire in the clear.
 */
export function checkUrl(url: string, allowInsecure = false): void {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:/.test(url)) {
    throw new UsageError('PARITY_URL', '--url is not an address like https://….');
  }
  const { protocol, hostname, username, password } = parsed;
  if (username !== '' || password !== '') {
    throw new UsageError(
      'PARITY_URL',
      '--url holds a user or a password. Leave it out, and send a header: CARDGENIUS_API_HEADERS or --header-file.',
    );
  }
  if (protocol === 'https:' || allowInsecure || isLoopback(hostname)) return;
  throw new UsageError(
    'PARITY_URL',
    `--url ${maskedUrl(url)} is http:// to another machine: spends and headers would go in the clear. Use https://, or say --allow-insecure.`,
  );
}

/** Headers, one `Name: value` a line; blank lines and those that begin with # are passed over. */
export function parseHeaders(text: string, from: string): Record<string, string> {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, i) => [line.trim(), i + 1] as const)
    .filter(([line]) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map(([line, lineNo]) => {
      const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(line) ?? [];
      if (name === undefined) {
        throw new UsageError('PARITY_HEADER', `${from} is not in the form "Name: value" at line ${lineNo}.`);
      }
      if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(value!)) {
        throw new UsageError('PARITY_HEADER', `${from} holds a character that no header may have at line ${lineNo}.`);
      }
      return [name, value!];
    }),
  );
}
