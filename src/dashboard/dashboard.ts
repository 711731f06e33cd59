import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { BatchEvent } from '../batch/events.ts';
import type { AuditDatabase } from '../database/audit.ts';
import type { BatchDatabase } from '../database/batch.ts';
import type { PoolUsage } from '../database/driver.ts';
import type { HistoryDatabase } from '../database/history.ts';
import { CardGeniusError, UsageError } from '../model/errors.ts';
import type { FireAnswer } from '../model/service.ts';
import { Metrics, type ServiceState } from '../telemetry/metrics.ts';
import { ALIVE, readiness } from '../telemetry/readiness.ts';
import { type Access, accessOf, noteRoutes } from './access.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { type ListProviders, Lists } from './lists.ts';
import { RateLimit } from './rate-limit.ts';
import { type Address, checkAddress, isForwarded, isSameOrigin, Rights, type Tokens, type Visitor } from './rights.ts';
import { Shared } from './shared.ts';
import { streamEvents } from './stream.ts';
import { Watch } from './watch.ts';

/** What the page can show beside the runs. */
export interface Providers extends Omit<ListProviders, 'runs'> {
  readonly user?: (userId: string) => Promise<object | undefined>;
}

export interface DashboardOptions {
  readonly database: Pick<BatchDatabase, 'readRun'>;
  readonly history: Pick<HistoryDatabase, 'listRuns' | 'listChunks' | 'listAttempts'>;
  /** Leave it out where nobody may act. */
  readonly audit?: Pick<AuditDatabase, 'retryUsers'> | undefined;
  readonly providers?: Providers;
  /** Starts a schedule now; leave it out where there is none. */
  readonly runNow?: ((schedule: string) => Promise<Pick<FireAnswer, 'decision' | 'runId'>>) | undefined;
  /** The pools of connections, for /metrics. */
  readonly pools?: () => readonly PoolUsage[];
  /** What /metrics says of the service; asked for at most every 15 s. */
  readonly serviceState?: () => Promise<ServiceState>;
  readonly tokens: Tokens;
  readonly errorRateLimit: number;
  readonly version: string;
  readonly pollMs?: number;
  readonly requestsPerMinute?: number;
}

export interface Dashboard {
  readonly metrics: Metrics;
  /** What it answers, and for whom. */
  readonly routes: readonly { readonly url: string; readonly access: Access }[];
  /** For the events of a run in this process. */
  readonly listener: (event: BatchEvent) => void;
  /** Where it is to be seen. Throws UsageError (DASHBOARD_TOKEN, DASHBOARD_PORT). */
  listen(address: Address): Promise<string>;
  /** Tells those who look what is last to be seen, and ends. */
  close(): Promise<void>;
}

const ASSETS: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'run.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'run.js': 'text/javascript; charset=utf-8',
  'lists.js': 'text/javascript; charset=utf-8',
  'service.js': 'text/javascript; charset=utf-8',
  'dom.js': 'text/javascript; charset=utf-8',
};

const RUNS = 20;
const JSON_TYPE = 'application/json; charset=utf-8';
const STATE_KEEP_MS = 15_000;
/** How long the end waits for the last lists: a database that is busy must not hold up a process that leaves. */
const LAST_LISTS_MS = 2_000;
const STATE_WAIT_MS = 2_000;
const CODE = /^[A-Z0-9_]{1,50}$/;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { database, history, audit, providers = {}, tokens, pollMs = 1_000 } = options;
  const metrics = new Metrics(options.version, options.pools);
  const lists = new Lists({ ...providers, runs: () => history.listRuns(RUNS) });
  const watch = new Watch({ database, history, metrics, pollMs, onTurn: () => lists.forget() });
  const rights = new Rights(tokens, audit !== undefined || options.runNow !== undefined);
  const requests = new RateLimit(options.requestsPerMinute ?? 600);
  const signIns = new RateLimit(10);
  const app = Fastify({ logger: false, bodyLimit: 4_096, trustProxy: false });
  const streams = streamEvents(watch);
  const routes = noteRoutes(app);
  const OPEN = { config: { access: 'open' } } as const;
  const SCRAPE = { config: { access: 'scrape' } } as const;

  const visitorOf = ({ headers, raw }: FastifyRequest): Visitor => rights.visitor(headers, raw.httpVersion);
  /** Through a proxy that is open to all, nobody is let in without a token. */
  const refusalOf = ({ headers, raw }: FastifyRequest) =>
    !rights.needsToken && isForwarded(headers, raw.httpVersion) ? 'PROXY_NEEDS_TOKEN' : 'TOKEN_NEEDED';
  const refuse = (reply: FastifyReply, status: number, code: string) => reply.code(status).send({ error: code });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (!requests.allows(request.ip)) return refuse(reply, 429, 'TOO_MANY_REQUESTS');
    const access = accessOf(request);
    const isRefused =
      access === 'scrape'
        ? !rights.mayScrape(request.headers, request.raw.httpVersion)
        : access === 'read' && !visitorOf(request).canRead;
    if (isRefused) return refuse(reply, 401, refusalOf(request));
    if (request.method === 'POST' && !isSameOrigin(request.headers)) return refuse(reply, 403, 'OTHER_ORIGIN');
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    // A code and no message: a driver's can name servers and logins.
    if (error instanceof CardGeniusError)
      return refuse(reply, error.code === 'NO_SUCH_SCHEDULE' ? 404 : 503, error.code);
    return refuse(reply, error.statusCode ?? 500, error.statusCode === undefined ? 'FAILED' : 'BAD_REQUEST');
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'NOT_FOUND'));

  for (const [name, type] of Object.entries(ASSETS)) {
    const text = readFileSync(new URL(`./assets/${name}`, import.meta.url));
    app.get(name === 'index.html' ? '/' : `/${name}`, OPEN, (_request, reply) => reply.type(type).send(text));
  }

  app.get('/livez', OPEN, () => ALIVE.body);
  app.get('/readyz', OPEN, async (_request, reply) => {
    await watch.refresh();
    const { status, body } = readiness(watch.trouble);
    return reply.code(status).send(body);
  });
  const state = options.serviceState && new Shared(options.serviceState, STATE_KEEP_MS);
  app.get('/metrics', SCRAPE, async (_request, reply) => {
    // A scrape waits a little, and then tells what was known before: a database that is busy must not make it fail.
    const seen = state?.get().then(
      answer => metrics.observeService(answer),
      () => {},
    );
    await Promise.race([Promise.all([watch.refresh(), seen]), sleep(STATE_WAIT_MS, undefined, { ref: false })]);
    return reply.type(metrics.contentType).send(await metrics.text());
  });

  app.get('/api/session', OPEN, request => ({
    ...visitorOf(request),
    needsToken: rights.needsToken,
    refusal: visitorOf(request).canRead ? undefined : refusalOf(request),
    errorRateLimit: options.errorRateLimit,
    version: options.version,
    sections: Object.keys(providers),
    canRunNow: options.runNow !== undefined,
  }));
  app.post<{ Body: { token?: unknown } }>('/api/sign-in', OPEN, async (request, reply) => {
    if (!signIns.allows(request.ip)) return refuse(reply, 429, 'TOO_MANY_REQUESTS');
    const { token } = request.body ?? {};
    const cookie = typeof token === 'string' ? rights.signIn(token) : undefined;
    if (cookie === undefined) return refuse(reply, 401, 'TOKEN_REFUSED');
    return reply.header('set-cookie', cookie).send({ status: 'ok' });
  });
  app.get('/api/events', (request, reply) => streams.open(request, reply));
  app.get('/api/lists', async (_request, reply) => reply.type(JSON_TYPE).send(await lists.text));
  app.get<{ Querystring: { id?: string } }>('/api/user', async (request, reply) => {
    const given: unknown = request.query.id; // twice in an address, it is an array
    const id = typeof given === 'string' ? given.trim() : '';
    if (!/^[\x21-\x7e][\x20-\x7e]{0,49}$/.test(id)) return refuse(reply, 400, 'USER_ID');
    const user = await providers.user?.(id);
    return user === undefined ? refuse(reply, 404, 'NO_SUCH_USER') : user;
  });

  /** Same origin was looked at before; here, the right and the page's own secret. */
  const mayAct = (request: FastifyRequest): boolean => {
    const { canAct, csrf } = visitorOf(request);
    const hasBearer = request.headers.authorization !== undefined; // no browser adds that by itself
    return canAct && (hasBearer || request.headers['x-csrf-token'] === csrf);
  };
  app.post<{ Body: { code?: unknown } }>('/api/retry', async (request, reply) => {
    if (audit === undefined || !mayAct(request)) return refuse(reply, 403, 'MAY_NOT_ACT');
    const { code } = request.body ?? {};
    if (typeof code !== 'string' || !CODE.test(code)) return refuse(reply, 400, 'CODE');
    const users = await audit.retryUsers({ runId: null, userId: null, code });
    lists.forget('failures');
    return { users };
  });
  app.post<{ Body: { schedule?: unknown } }>('/api/run-now', async (request, reply) => {
    if (options.runNow === undefined || !mayAct(request)) return refuse(reply, 403, 'MAY_NOT_ACT');
    const { schedule } = request.body ?? {};
    if (typeof schedule !== 'string') return refuse(reply, 400, 'SCHEDULE');
    const { decision, runId } = await options.runNow(schedule);
    lists.forget('schedules');
    return { decision, runId };
  });

  return {
    metrics,
    routes,
    listener: event => {
      metrics.listener(event);
      watch.listener(event);
    },
    listen: async address => {
      checkAddress(address, tokens);
      try {
        await app.listen({ ...address });
      } catch (error) {
        if (!['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? ''))
          throw error;
        throw new UsageError('DASHBOARD_PORT', `Port ${address.port} of ${address.host} cannot be had. Name another.`, {
          cause: error,
        });
      }
      watch.start();
      const { port, family, address: host } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}/`;
    },
    close: async () => {
      await watch.close();
      await watch.poll();
      lists.forget();
      await streams.end(() => Promise.race([lists.text, sleep(LAST_LISTS_MS, '{}', { ref: false })]));
      await app.close();
      metrics[Symbol.dispose]();
    },
  };
}
