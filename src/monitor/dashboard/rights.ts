import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { UsageError } from '../../model/errors.ts';

const SESSION_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1_000;
const COOKIE = 'cardgenius_session';

export interface Tokens {
  /** For reading; undefined: whoever is on this machine may read. */
  readonly read: string | undefined;
  /** For acting, and reading. */
  readonly act: string | undefined;
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

/** The parts of a request that rights depend on. */
export interface Asking {
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

  visitor({ authorization, cookie, host }: Asking): Visitor {
    if (!this.needsToken) {
      // A name that only points here (DNS rebinding) is another site's way in.
      if (!isLoopback(hostOf(host))) return NOBODY;
      return { canRead: true, canAct: this.#mayAct, csrf: this.#openCsrf };
    }
    const bearer = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (bearer !== undefined) return this.#grant(bearer) ?? NOBODY;
    const id = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(cookie ?? '')?.[1];
    const session = id === undefined ? undefined : this.#sessions.get(id);
    return session !== undefined && session.until > Date.now() ? session : NOBODY;
  }

  #grant(token: string): Session | undefined {
    const canAct = same(token, this.#tokens.act);
    if (!canAct && !same(token, this.#tokens.read)) return undefined;
    const csrf = randomBytes(24).toString('base64url');
    return { canRead: true, canAct: canAct && this.#mayAct, csrf, until: Date.now() + SESSION_MS };
  }
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
export function checkAddress({ host }: Address, { read, act }: Tokens): void {
  if (!isLoopback(host) && read === undefined) {
    throw new UsageError(
      'DASHBOARD_TOKEN',
      `A dashboard on ${host} can be seen from other machines: set CARDGENIUS_DASHBOARD_TOKEN, or leave the host out.`,
    );
  }
  for (const [name, token] of [
    ['CARDGENIUS_DASHBOARD_TOKEN', read],
    ['CARDGENIUS_DASHBOARD_ACT_TOKEN', act],
  ] as const) {
    if (token !== undefined && (token.length < 16 || /\s/.test(token)))
      throw new UsageError('DASHBOARD_TOKEN', `${name} must have at least 16 characters, and no space.`);
  }
  if (act !== undefined && read === undefined) {
    throw new UsageError(
      'DASHBOARD_TOKEN',
      'CARDGENIUS_DASHBOARD_ACT_TOKEN needs CARDGENIUS_DASHBOARD_TOKEN beside it.',
    );
  }
}
