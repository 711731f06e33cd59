import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { UsageError } from '../model/errors.ts';

const SESSION_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1_000;
const COOKIE = 'cardgenius_session';

export interface Tokens {
  /** For reading; undefined: whoever is on this machine may read. */
  readonly read: string | undefined;
  /** For acting, and reading. */
  readonly act: string | undefined;
  /** For /metrics and nothing else: what Prometheus holds shows no user. */
  readonly metrics?: string | undefined;
}

export interface Visitor {
  readonly canRead: boolean;
  readonly canAct: boolean;
  /** What a request that acts must bring, so that no other site can make it. */
  readonly csrf: string | undefined;
}

interface Session extends Visitor {
  readonly until: number;
}

/** The headers that rights depend on, and those that a proxy adds. */
export interface Asking extends Readonly<Record<string, string | string[] | undefined>> {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly host?: string | undefined;
}

const NOBODY: Visitor = { canRead: false, canAct: false, csrf: undefined };

/** Who may look, and who may act. Tokens are compared by their hashes, in constant time. */
export class Rights {
  readonly #tokens: Tokens;
  readonly #sessions = new Map<string, Session>();
  /** Where there is no token: one for everybody on this machine, which only our own page can read. */
  readonly #openCsrf = randomBytes(24).toString('base64url');
  readonly #mayAct: boolean;

  /** `mayAct` false: nobody acts, whatever they bring. */
  constructor(tokens: Tokens, mayAct: boolean) {
    this.#tokens = tokens;
    this.#mayAct = mayAct;
  }

  get needsToken(): boolean {
    return this.#tokens.read !== undefined;
  }

  /** A cookie for whoever knows a token; undefined for who does not. */
  signIn(token: string): string | undefined {
    const session = this.#grant(token);
    if (session === undefined) return undefined;
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    const id = randomBytes(24).toString('base64url');
    this.#sessions.set(id, session);
    return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1000}`;
  }

  visitor(asking: Asking, httpVersion = '1.1'): Visitor {
    const { cookie, host } = asking;
    if (!this.needsToken) {
      // A name that only points here (DNS rebinding) is another site's way in, and a proxy is everybody's.
      if (!isLoopback(hostOf(host)) || isForwarded(asking, httpVersion)) return NOBODY;
      return { canRead: true, canAct: this.#mayAct, csrf: this.#openCsrf };
    }
    const bearer = bearerOf(asking);
    if (bearer !== undefined) return this.#grant(bearer) ?? NOBODY;
    const id = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(cookie ?? '')?.[1];
    const session = id === undefined ? undefined : this.#sessions.get(id);
    return session !== undefined && session.until > Date.now() ? session : NOBODY;
  }

  /** Whether this one may have /metrics: who may read, and who brings the token for it. */
  mayScrape(asking: Asking, httpVersion?: string): boolean {
    if (this.visitor(asking, httpVersion).canRead) return true;
    const bearer = bearerOf(asking);
    return this.needsToken && bearer !== undefined && same(bearer, this.#tokens.metrics);
  }

  #grant(token: string): Session | undefined {
    const canAct = same(token, this.#tokens.act);
    if (!canAct && !same(token, this.#tokens.read)) return undefined;
    const csrf = randomBytes(24).toString('base64url');
    return { canRead: true, canAct: canAct && this.#mayAct, csrf, until: Date.now() + SESSION_MS };
  }
}

const bearerOf = ({ authorization }: Asking) => /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];

/**
 * Whether a proxy sent this, as far as one can tell: by what it adds, or by HTTP/1.0, which nginx speaks where nobody told it
 * otherwise, and no browser or Prometheus does.
 */
export function isForwarded(headers: Asking, httpVersion: string): boolean {
  return (
    httpVersion === '1.0' || Object.keys(headers).some(name => /^(forwarded|via|x-forwarded-.*|x-real-ip)$/.test(name))
  );
}

function same(given: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

/** Whether a request comes from the page itself: a browser says so, and no site can make it lie. */
export function isSameOrigin(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (typeof origin !== 'string' || (site !== undefined && site !== 'same-origin')) return false;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

const hostOf = (header: string | undefined): string => (header ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_PORT = 8787;

/** `PORT`, `HOST:PORT` or `[::1]:PORT`. Throws UsageError (DASHBOARD_ADDRESS). */
export function parseAddress(text: string): Address {
  const [, host, port] = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError('DASHBOARD_ADDRESS', `"${text}" is not a port: give PORT, or HOST:PORT.`);
  }
  return { host: host?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port: Number(port) };
}

/** Throws UsageError (DASHBOARD_TOKEN) where everybody on the network could look. */
export function checkAddress({ host }: Address, { read, act, metrics }: Tokens): void {
  if (!isLoopback(host) && read === undefined) {
    throw new UsageError(
      'DASHBOARD_TOKEN',
      `A dashboard on ${host} can be seen from other machines: set CARDGENIUS_DASHBOARD_TOKEN, or leave the host out.`,
    );
  }
  for (const [name, token] of [
    ['CARDGENIUS_DASHBOARD_TOKEN', read],
    ['CARDGENIUS_DASHBOARD_ACT_TOKEN', act],
    ['CARDGENIUS_DASHBOARD_METRICS_TOKEN', metrics],
  ] as const) {
    if (token === undefined) continue;
    if (token.length < 16 || /\s/.test(token))
      throw new UsageError('DASHBOARD_TOKEN', `${name} must have at least 16 characters, and no space.`);
    if (read === undefined)
      throw new UsageError('DASHBOARD_TOKEN', `${name} needs CARDGENIUS_DASHBOARD_TOKEN beside it.`);
  }
}
