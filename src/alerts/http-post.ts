import * as http from 'node:http';
import { CardGeniusError } from '../model/errors.ts';
import type { Secret } from '../model/secret.ts';

/** The receiver has understood, and does not want it: the same notice again gets the same answer, as far as is known. */
export class RefusedForGood extends CardGeniusError {}

/** The receiver asks for a pause of `waitMs`. */
export class AskedToWait extends CardGeniusError {
  readonly waitMs: number;

  constructor(message: string, waitMs: number) {
    super('ALERT_REFUSED', message);
    this.waitMs = waitMs;
  }
}

const TIMEOUT_MS = 10_000;
/** How long a receiver is left alone at most, however long it asks for: an alert is no use tomorrow. */
export const LONGEST_WAIT_MS = 900_000;

/**
 * Posts JSON. Follows no redirect, which would carry the body, and a key in it, elsewhere. Throws RefusedForGood, AskedToWait, or
 * CardGeniusError ALERT_REFUSED where another try may help; no message holds the address, whose path is a key.
 */
export async function postJson(url: Secret, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url.reveal(), {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new CardGeniusError('ALERT_REFUSED', `the receiver could not be reached (${reasonOf(error)})`);
  });
  await response.body?.cancel();
  const { ok, status } = response;
  if (ok) return;
  if (status >= 300 && status < 400) {
    throw new RefusedForGood(
      'ALERT_REFUSED',
      `the receiver answered ${status}: it is elsewhere. Configure the address itself`,
    );
  }
  const wait = retryAfterMs(response.headers.get('retry-after'), Date.now());
  if (wait !== undefined && (status === 429 || status === 503)) {
    const asked = Math.ceil(wait / 1000);
    const capped = wait > LONGEST_WAIT_MS ? `; ${LONGEST_WAIT_MS / 1000} s are waited` : '';
    throw new AskedToWait(
      `the receiver answered ${status}, and asks to wait ${asked} s${capped}`,
      Math.min(wait, LONGEST_WAIT_MS),
    );
  }
  const mayPass = status >= 500 || status === 408 || status === 429;
  throw new (mayPass ? CardGeniusError : RefusedForGood)('ALERT_REFUSED', `the receiver answered ${status}`);
}

/** Retry-After, as seconds or as a date, in any of HTTP's three forms (RFC 9110, 5.6.7); undefined where it is neither. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** By code alone: the words of fetch quote the address. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  return typeof cause?.code === 'string' ? cause.code : 'no answer';
}

/** Obeys HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment, which fetch by itself does not. Returns what ends it. */
export function useProxyOfEnvironment(env: NodeJS.ProcessEnv): () => void {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
  if (!names.some(name => env[name])) return () => {};
  // From Node 24.14 on; before it NODE_USE_ENV_PROXY=1 does the same.
  const { setGlobalProxyFromEnv } = http as { setGlobalProxyFromEnv?: (env: NodeJS.ProcessEnv) => () => void };
  return setGlobalProxyFromEnv?.(env) ?? (() => {});
}
