import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeWhole } from '../../exchange/write-whole.ts';
import { CardGeniusError, messageOf } from '../../model/errors.ts';
import type { ApiAnswer, ApiRequest } from './api-answers.ts';

const MAX_ATTEMPTS = 4;
const CALL_MS = 30_000;

export interface ApiClientOptions {
  readonly url: string;
  /** `Name: value`, sent with each call and kept nowhere. */
  readonly headers: Readonly<Record<string, string>>;
  readonly callsPerSecond: number;
  /** Where answers are kept: what was answered once is not asked again. */
  readonly folder: string;
  /** Waits so many milliseconds; tests bring their own. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** Asks the live API: one call after another, no more than so many a second, and each answer kept. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #wait: (milliseconds: number) => Promise<unknown>;
  #nextAt = 0;
  asked = 0;
  kept = 0;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#wait = options.wait ?? (milliseconds => setTimeout(milliseconds));
  }

  /** Throws CardGeniusError (API_FAILED) after four attempts, or at once for what asking again does not mend. */
  async ask(userId: string, request: ApiRequest): Promise<ApiAnswer> {
    const { url, folder } = this.#options;
    const key = createHash('sha256')
      .update(JSON.stringify([url, request]))
      .digest('hex')
      .slice(0, 24);
    const path = join(folder, `${key}.json`);
    const kept = await readFile(path, 'utf8').catch(() => undefined);
    if (kept !== undefined) {
      this.kept++;
      const { response } = JSON.parse(kept) as { response: unknown };
      return { userId, request, response };
    }
    const response = await this.#post(request);
    await mkdir(folder, { recursive: true });
    await writeWhole(path, `${JSON.stringify({ user_id: userId, url, request, response }, null, 1)}\n`);
    return { userId, request, response };
  }

  async #post(request: ApiRequest): Promise<unknown> {
    const { url, headers } = this.#options;
    for (let attempt = 1; ; attempt++) {
      await this.#turn();
      this.asked++;
      let why: string;
      let waitMs = 1_000 * 2 ** (attempt - 1);
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(request),
          signal: AbortSignal.timeout(CALL_MS),
        });
        if (response.ok) return await response.json();
        why = `status ${response.status}`;
        const mayPass = response.status === 429 || response.status === 408 || response.status >= 500;
        const after = Number(response.headers.get('retry-after'));
        if (after > 0) waitMs = after * 1_000;
        await response.body?.cancel();
        if (!mayPass) attempt = MAX_ATTEMPTS;
      } catch (error) {
        why = messageOf(error);
      }
      if (attempt >= MAX_ATTEMPTS) {
        throw new CardGeniusError('API_FAILED', `${url} gave no answer: ${why}. What was answered so far is kept.`);
      }
      await this.#wait(waitMs);
    }
  }

  /** Waits until the next call may go out. */
  async #turn(): Promise<void> {
    const now = performance.now();
    const waitMs = this.#nextAt - now;
    this.#nextAt = Math.max(now, this.#nextAt) + 1_000 / this.#options.callsPerSecond;
    if (waitMs > 0) await this.#wait(waitMs);
  }
}
