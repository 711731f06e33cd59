import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import type { BatchEvent } from '../batch/events.ts';
import type { BatchDatabase } from '../database/batch.ts';
import type { PoolUsage } from '../database/driver.ts';
import type { HistoryDatabase } from '../database/history.ts';
import { CardGeniusError, UsageError } from '../model/errors.ts';
import { Metrics, type ServiceState } from '../telemetry/metrics.ts';
import { ALIVE, readiness } from '../telemetry/readiness.ts';
import { HEALTH, type NotedRoute, noteRoutes, OPEN, SCRAPE } from './access.ts';
import { type Acts, addActRoutes } from './act-routes.ts';
import type { Address } from './address.ts';
import { AnswerCache } from './answer-cache.ts';
import { readAssets, readPage } from './assets.ts';
import { type DashboardEvent, Doors, refuse } from './doors.ts';
import { addLookRoutes, type Place } from './look-routes.ts';
import { type ListProviders, PageLists } from './page-lists.ts';
import { addressCheck } from './proxies.ts';
import { Rights } from './rights.ts';
import { RunWatch } from './run-watch.ts';
import { streamEvents } from './stream.ts';
import type { Tokens } from './tokens.ts';

/** What the page can show beside the runs. */
export interface Providers extends Omit<ListProviders, 'runs'> {
  readonly user?: (userId: string) => Promise<object | undefined>;
  /** What people did to a run, the latest first. */
  readonly acts?: (runId: number) => Promise<readonly object[]>;
  /** The commonest reason of a run's failed users. */
  readonly commonestFailure?: (runId: number) => Promise<object | undefined>;
  readonly place?: () => Promise<Place>;
}

/** What is left out of `Acts`, no visitor can do. */
export interface DashboardOptions extends Acts {
  readonly database: Pick<BatchDatabase, 'readRun'>;
  readonly history: Pick<HistoryDatabase, 'listRuns' | 'listChunks' | 'listAttempts'>;
  readonly providers?: Providers;
  /** The pools of connections, for /metrics. */
  readonly pools?: () => readonly PoolUsage[];
  /** What /metrics says of the service; asked for at most every 15 s. */
  readonly serviceState?: () => Promise<ServiceState>;
  readonly tokens: Tokens;
  /** Proxies (addresses or CIDR) that are believed about the visitor's address, host, TLS and name. */
  readonly trustedProxies?: readonly string[];
  /** The header in which such a proxy names who has signed in there. */
  readonly userHeader?: string | undefined;
  /** For the log: sign-ins, look-ups of users, and what was done. */
  readonly note?: (event: DashboardEvent) => void;
  readonly errorRateLimit: number;
  readonly version: string;
  readonly pollMs?: number;
  readonly requestsPerMinute?: number;
  readonly streamsPerClient?: number;
  /** After which a request that is not whole yet is given up, milliseconds. */
  readonly requestTimeoutMs?: number;
}

export interface Dashboard {
  readonly metrics: Metrics;
  /** What it answers, and to which clients. */
  readonly routes: readonly NotedRoute[];
  /** For the events of a run in this process. */
  readonly listener: (event: BatchEvent) => void;
  /** Listens, and answers the page's address. Throws UsageError (DASHBOARD_PORT). */
  listen(address: Address): Promise<string>;
  /** Sends the open pages the last lists, and ends. */
  close(): Promise<void>;
}

/** How many runs the charts have: twelve weeks of one run a day, and some more. */
const RUNS = 100;
const STATE_KEEP_MS = 15_000;
/** How long the end waits for the last lists: a database that is busy must not hold up a process that leaves. */
const LAST_LISTS_MS = 2_000;
const STATE_WAIT_MS = 2_000;
/** How long a socket may say nothing before it is closed: longer than the beat of a stream. */
const IDLE_MS = 60_000;
const REQUEST_MS = 10_000;
/** How many connections the page takes: the batch shares the descriptors of this process. */
const MAX_CONNECTIONS = 512;
/** How many streams a client may have: all tabs of a browser share one, and a few browsers share a token. */
const STREAMS_PER_CLIENT = 8;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { database, history, audit, runNow, steer, providers = {}, tokens, pollMs = 1_000 } = options;
  const metrics = new Metrics(options.version, options.pools);
  const lists = new PageLists({ ...providers, runs: () => history.listRuns(RUNS) });
  const watch = new RunWatch({ database, history, metrics, pollMs, onTurn: () => lists.forget() });
  const mayAct = audit !== undefined || runNow !== undefined || steer !== undefined;
  const rights = new Rights(tokens, mayAct);
  const isTrustedProxy = addressCheck(options.trustedProxies ?? []);
  const doors = new Doors(rights, { ...options, isTrustedProxy });
  const app = createServer(options.requestTimeoutMs ?? REQUEST_MS, isTrustedProxy);
  const routes = noteRoutes(app);
  doors.guard(app);
  const streams = streamEvents(watch, { perClient: options.streamsPerClient ?? STREAMS_PER_CLIENT });

  addPages(app);
  app.get('/livez', HEALTH, () => ALIVE.body);
  app.get('/readyz', HEALTH, async (_request, reply) => {
    await watch.refresh();
    const { status, body } = readiness(watch.trouble);
    return reply.code(status).send(body);
  });
  const state = options.serviceState && new AnswerCache(options.serviceState, STATE_KEEP_MS);
  app.get('/metrics', SCRAPE, async (_request, reply) => {
    // A scrape waits a little, and then tells what was known before: a database that is busy must not make it fail.
    const seen = state?.get().then(
      answer => metrics.observeService(answer),
      () => {},
    );
    await Promise.race([Promise.all([watch.refresh(), seen]), sleep(STATE_WAIT_MS, undefined, { ref: false })]);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  app.get('/api/events', { exposeHeadRoute: false }, (request, reply) =>
    streams.open(request, reply, doors.client(request), () => doors.visitor(request).canRead),
  );
  const { errorRateLimit, version } = options;
  const place = providers.place && new AnswerCache(providers.place, STATE_KEEP_MS);
  addLookRoutes(app, {
    doors,
    onSignOut: () => streams.look(),
    lists,
    history,
    facts: {
      needsToken: rights.needsToken,
      errorRateLimit,
      version,
      sections: Object.keys(providers),
      canRunNow: runNow !== undefined,
      canSteer: steer !== undefined,
    },
    place: place && (() => place.get()),
    user: providers.user,
    acts: providers.acts,
    commonestFailure: providers.commonestFailure,
    readRun: runId => database.readRun(runId, { wait: false }),
  });
  addActRoutes(app, options, { doors, lists });

  return {
    metrics,
    routes,
    listener: event => {
      metrics.listener(event);
      watch.listener(event);
    },
    listen: async address => {
      await listenAt(app, address);
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

/** A server that waits for no client for long, and whose errors are codes. */
function createServer(requestTimeout: number, trustProxy: (address: string) => boolean): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: 4_096,
    trustProxy,
    requestTimeout,
    connectionTimeout: IDLE_MS,
    keepAliveTimeout: 10_000,
    http: { headersTimeout: requestTimeout, connectionsCheckingInterval: Math.min(5_000, requestTimeout) },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    // A code and no message: a driver's can name servers and logins.
    if (error instanceof CardGeniusError) return refuse(reply, STATUS[error.code] ?? 503, error.code);
    return refuse(reply, error.statusCode ?? 500, error.statusCode === undefined ? 'FAILED' : 'BAD_REQUEST');
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'NOT_FOUND'));
  return app;
}

/** Errors that are the visitor's own: what was asked for is not there any more. */
const STATUS: Readonly<Record<string, number>> = { NO_SUCH_SCHEDULE: 404, NO_ACTIVE_RUN: 409, RUN_IS_OVER: 409 };

/** The page, and its files. /runs/12 is the same page: it finds out itself what it shows. */
function addPages(app: FastifyInstance): void {
  for (const { name, type, body } of readAssets()) {
    app.get(`/${name}`, OPEN, (_request, reply) => reply.type(type).send(body));
  }
  const page = readPage();
  app.get('/', OPEN, (_request, reply) => reply.type('text/html; charset=utf-8').send(page('./')));
  app.get('/runs/:runId', OPEN, (_request, reply) => reply.type('text/html; charset=utf-8').send(page('../')));
}

async function listenAt(app: FastifyInstance, address: Address): Promise<void> {
  try {
    await app.listen({ ...address });
  } catch (error) {
    if (!['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new UsageError(
      'DASHBOARD_PORT',
      `Port ${address.port} of ${address.host} is not available. Choose another.`,
      {
        cause: error,
      },
    );
  }
}
