import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * The visitors that a route is open to. `open`: a stranger, who gets nothing of the database there. `health`: the same, and never counted or refused, because the
 * orchestrator asks it. `scrape`: a visitor who may read, and a caller with the token for metrics.
 */
export type Access = 'open' | 'health' | 'read' | 'scrape';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

export const OPEN = { config: { access: 'open' } } as const;
export const HEALTH = { config: { access: 'health' } } as const;
export const SCRAPE = { config: { access: 'scrape' } } as const;

/**
 * The access of the route that the router has chosen; `none` where no route is. Never judge the text of the address: the router decodes it, drops
 * the host of an absolute form and cuts at '#'. A route that says nothing is for readers, also one that a plugin adds.
 */
export function accessOf(request: FastifyRequest): Access | 'none' {
  if (request.is404) return 'none';
  return request.routeOptions.config?.access ?? 'read';
}

export interface NotedRoute {
  readonly url: string;
  readonly access: Access;
}

/** Every route of the server with its access, for the test that asks for each of them in every form. */
export function noteRoutes(app: FastifyInstance): readonly NotedRoute[] {
  const routes: NotedRoute[] = [];
  app.addHook('onRoute', ({ url, config }) => {
    routes.push({ url, access: config?.access ?? 'read' });
  });
  return routes;
}
