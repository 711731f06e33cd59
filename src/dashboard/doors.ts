import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from './access.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { RateLimit } from './rate-limit.ts';
import { isForwarded, isSameOrigin, type Rights, type Visitor } from './rights.ts';

/** What happened at a door, or through one, for the log. A user is named by the beginning of the SHA-256 of its id. */
export type DashboardEvent = { readonly address: string; readonly person: string } & (
  | { readonly type: 'signed-in' | 'signed-out' | 'sign-in-refused' }
  | { readonly type: 'user-looked-up'; readonly userHash: string; readonly isFound: boolean }
  | { readonly type: 'acted'; readonly act: string; readonly subject: string; readonly result: string }
);

/** What an event adds to its visitor. */
type Told<T> = T extends unknown ? Omit<T, 'address' | 'person'> : never;

export interface DoorOptions {
  readonly requestsPerMinute?: number | undefined;
  /** Whether the word of this peer for the visitor's address, host and name is taken. */
  readonly isTrustedProxy?: ((address: string) => boolean) | undefined;
  /** The header in which a trusted proxy names who has signed in there. */
  readonly userHeader?: string | undefined;
  readonly note?: ((event: DashboardEvent) => void) | undefined;
}

const WRONG_SIGN_INS = 10;

/** The visitor, whether it may ask, and the name that the proxy gives it. */
export class Doors {
  readonly #rights: Rights;
  readonly #options: DoorOptions;
  readonly #holders: RateLimit;
  readonly #strangers: RateLimit;
  readonly #wrong = new RateLimit(WRONG_SIGN_INS);

  constructor(rights: Rights, options: DoorOptions) {
    this.#rights = rights;
    this.#options = options;
    this.#holders = new RateLimit(options.requestsPerMinute ?? 600);
    this.#strangers = new RateLimit(options.requestsPerMinute ?? 600);
  }

  /** Every request goes through here, before its body is read. */
  guard(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      const access = accessOf(request);
      if (access === 'health') return;
      const visitor = this.visitor(request);
      // A stranger who asks too much must not take the turn of a visitor with a token, also behind one address.
      const { key } = visitor;
      const isAllowed = key === undefined ? this.#strangers.allows(request.ip) : this.#holders.allows(key);
      if (!isAllowed) return refuse(reply, 429, 'TOO_MANY_REQUESTS');
      const isRefused = access === 'scrape' ? !visitor.canScrape : access === 'read' && !visitor.canRead;
      if (isRefused) return refuse(reply, 401, this.refusal(request));
      if (request.method === 'POST' && !isSameOrigin(request.headers, request.host))
        return refuse(reply, 403, 'OTHER_ORIGIN');
    });
  }

  visitor({ headers, raw }: FastifyRequest): Visitor {
    return this.#rights.visitor(headers, raw.httpVersion);
  }

  /** Through a proxy that is open to all, no visitor is let in without a token. */
  refusal({ headers, raw }: FastifyRequest): 'PROXY_NEEDS_TOKEN' | 'TOKEN_NEEDED' {
    return !this.#rights.needsToken && isForwarded(headers, raw.httpVersion) ? 'PROXY_NEEDS_TOKEN' : 'TOKEN_NEEDED';
  }

  /** One client of the streams: a session, or a stranger's address. */
  client(request: FastifyRequest): string {
    return `${this.visitor(request).key ?? ''} ${request.ip}`;
  }

  /** Same origin was looked at before; here, the right and the page's own secret. */
  mayAct(request: FastifyRequest): boolean {
    const { canAct, csrf } = this.visitor(request);
    return canAct && (csrf === undefined || request.headers['x-csrf-token'] === csrf);
  }

  /** The name that a trusted proxy gives, else that of the token. */
  person(request: FastifyRequest): string {
    const { isTrustedProxy, userHeader } = this.#options;
    const given = userHeader === undefined ? undefined : request.headers[userHeader.toLowerCase()];
    const isTrusted = isTrustedProxy?.(request.socket.remoteAddress ?? '') === true;
    if (isTrusted && typeof given === 'string' && /^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(given)) return given;
    return this.visitor(request).name;
  }

  /** Answers the cookie, or the status and code of the refusal. A right token is never refused for others' wrong ones. */
  signIn(request: FastifyRequest, token: unknown): { cookie: string } | { status: number; code: string } {
    const cookie = typeof token === 'string' ? this.#rights.signIn(token, isSecure(request)) : undefined;
    if (cookie !== undefined) {
      this.note(request, { type: 'signed-in' });
      return { cookie };
    }
    if (!this.#wrong.allows(request.ip)) return { status: 429, code: 'TOO_MANY_REQUESTS' };
    this.note(request, { type: 'sign-in-refused' });
    return { status: 401, code: 'TOKEN_REFUSED' };
  }

  signOut(request: FastifyRequest): string {
    this.note(request, { type: 'signed-out' });
    return this.#rights.signOut(request.headers, isSecure(request));
  }

  note(request: FastifyRequest, event: Told<DashboardEvent>): void {
    this.#options.note?.({ ...event, address: request.ip, person: this.person(request) } as DashboardEvent);
  }
}

export const refuse = (reply: FastifyReply, status: number, code: string) => reply.code(status).send({ error: code });

export const hashOf = (userId: string): string => createHash('sha256').update(userId).digest('hex').slice(0, 12);

/** Whether the browser speaks TLS with the proxy before us: the Origin that it sends says so, and a trusted proxy does. */
const isSecure = (request: FastifyRequest): boolean =>
  request.protocol === 'https' || request.headers.origin?.startsWith('https://') === true;
