import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { hostOf, isLoopback } from './address.ts';
import type { Tokens } from './tokens.ts';

const SESSION_MS = 12 * 3_600_000;
/** How many sessions that were signed out of are remembered at most, each until it would have ended. */
const MAX_ENDED = 10_000;
const COOKIE = 'cardgenius_session';

export interface Visitor {
  readonly canRead: boolean;
  readonly canAct: boolean;
  readonly canScrape: boolean;
  /** What a request of a browser that acts must bring, so that no other site can make it. */
  readonly csrf: string | undefined;
  /** The same for all requests of a session, or of a token that a script brings; undefined for a stranger, and where it is open. */
  readonly key: string | undefined;
  /** The visitor, as far as the token shows. */
  readonly name: string;
}

/** The headers that rights depend on, and those that a proxy adds. */
export interface Asking extends Readonly<Record<string, string | string[] | undefined>> {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly host?: string | undefined;
}

type Right = 'read' | 'act';

const STRANGER: Visitor = {
  canRead: false,
  canAct: false,
  canScrape: false,
  csrf: undefined,
  key: undefined,
  name: 'a stranger',
};

/**
 * The rights to look and to act. Tokens are compared by their hashes, in constant time. A session is a signed text: its key is made from the
 * token, so that it outlives a restart, is good at every instance with that token, and ends with the token.
 */
export class Rights {
  readonly #tokens: Tokens;
  readonly #mayAct: boolean;
  /** The CSRF value of a page without tokens: one for all visitors on this machine, which only our own page can read. */
  readonly #openCsrf = randomBytes(24).toString('base64url');
  /** Sessions that were signed out of, and when they would have ended. */
  readonly #ended = new Map<string, number>();

  /** `mayAct` false: no visitor acts, whatever it brings. */
  constructor(tokens: Tokens, mayAct: boolean) {
    this.#tokens = tokens;
    this.#mayAct = mayAct;
  }

  get needsToken(): boolean {
    return this.#tokens.read !== undefined;
  }

  /** The value of Set-Cookie for a visitor who knows a token; undefined for any other. */
  signIn(token: string, isSecure: boolean): string | undefined {
    const right = this.#rightOf(token);
    if (right === undefined) return undefined;
    const text = `${Date.now() + SESSION_MS}.${right}.${randomBytes(18).toString('base64url')}`;
    return cookieOf(`${text}.${this.#sign(right, text)}`, SESSION_MS / 1000, isSecure);
  }

  /** Ends the session of a request. The value of Set-Cookie that takes the cookie away. */
  signOut(asking: Asking, isSecure: boolean): string {
    const session = this.#sessionOf(asking);
    if (session !== undefined) {
      for (const [key, until] of this.#ended) if (until < Date.now()) this.#ended.delete(key);
      if (this.#ended.size >= MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value!);
      this.#ended.set(session.nonce, session.until);
    }
    return cookieOf('', 0, isSecure);
  }

  visitor(asking: Asking, httpVersion = '1.1'): Visitor {
    if (!this.needsToken) {
      // A name that only points here (DNS rebinding) is another site's way in, and a proxy is everybody's.
      if (!isLoopback(hostOf(asking.host)) || isForwarded(asking, httpVersion)) return STRANGER;
      const may = { canRead: true, canScrape: true, canAct: this.#mayAct };
      return { ...may, csrf: this.#openCsrf, key: undefined, name: 'this machine' };
    }
    const bearer = bearerOf(asking);
    if (bearer !== undefined) {
      const right = this.#rightOf(bearer);
      if (right !== undefined) return this.#holder(right, undefined, `bearer ${right}`);
      if (!same(bearer, this.#tokens.metrics)) return STRANGER;
      return { ...STRANGER, canScrape: true, key: 'bearer metrics', name: 'the metrics token' };
    }
    const session = this.#sessionOf(asking);
    if (session === undefined) return STRANGER;
    return this.#holder(session.right, this.#sign(session.right, `csrf ${session.nonce}`), session.nonce);
  }

  #holder(right: Right, csrf: string | undefined, key: string): Visitor {
    const canAct = right === 'act' && this.#mayAct;
    return { canRead: true, canScrape: true, canAct, csrf, key, name: `the ${right} token` };
  }

  #sessionOf({ cookie }: Asking): { right: Right; nonce: string; until: number } | undefined {
    const value = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w.-]+)`).exec(cookie ?? '')?.[1];
    const [, text, until, right, nonce, mac] = /^((\d+)\.(read|act)\.([\w-]+))\.([\w-]+)$/.exec(value ?? '') ?? [];
    if (mac === undefined || this.#tokens[right as Right] === undefined) return undefined;
    if (!same(mac, this.#sign(right as Right, text!))) return undefined;
    const left = Number(until) - Date.now();
    if (left < 0 || left > SESSION_MS) return undefined; // no session is longer: it began while the clock was ahead
    return this.#ended.has(nonce!) ? undefined : { right: right as Right, nonce: nonce!, until: Number(until) };
  }

  #rightOf(token: string): Right | undefined {
    if (same(token, this.#tokens.act)) return 'act';
    return same(token, this.#tokens.read) ? 'read' : undefined;
  }

  #sign(right: Right, text: string): string {
    const key = createHash('sha256').update(`cardgenius session\0${this.#tokens[right]}`).digest();
    return createHmac('sha256', key).update(text).digest('base64url');
  }
}

const cookieOf = (value: string, seconds: number, isSecure: boolean) =>
  `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${isSecure ? '; Secure' : ''}`;

/** The token of `Authorization: Bearer`. Not of Basic, which a browser adds by itself where a proxy asked for it. */
const bearerOf = ({ authorization }: Asking) => /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];

/** What browsers, curl, Node and Prometheus send of themselves, beside sec-…, and what our page adds. Every proxy has headers of its own. */
const DIRECT_HEADERS = new Set(
  (
    'accept accept-charset accept-encoding accept-language authorization cache-control connection content-length content-type cookie dnt ' +
    'expect host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-event-id origin pragma priority ' +
    'purpose range referer save-data te transfer-encoding upgrade-insecure-requests user-agent x-csrf-token ' +
    'x-prometheus-scrape-timeout-seconds'
  ).split(' '),
);

/**
 * Whether a proxy sent this, as far as it shows: a header that no client on this machine sends by itself; or HTTP/1.0, which older nginx
 * speaks, and no browser or Prometheus does. Not every proxy shows it: `--open` is for machines without one.
 */
export function isForwarded(headers: Asking, httpVersion: string): boolean {
  return (
    httpVersion === '1.0' || Object.keys(headers).some(name => !DIRECT_HEADERS.has(name) && !/^sec-[a-z-]+$/.test(name))
  );
}

function same(given: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

/** Whether a request comes from the page itself, at `host`: a browser says so, and no site can make it lie. */
export function isSameOrigin(headers: Asking, host: string | undefined): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (typeof origin !== 'string' || (site !== undefined && site !== 'same-origin')) return false;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
