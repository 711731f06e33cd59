import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Who a route is for. `open`: a stranger, who gets nothing of the database there. `scrape`: who reads, and who brings the token for metrics. */
export type Access = 'open' | 'read' | 'scrape';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/**
 * The access of the route that the router has chosen; `none` where no route is. Never judge the text of the address: the router decodes it, drops
 * the host of an absolute form and cuts at '#'. A route that says nothing is for readers, also one that a plugin adds.
 */
export function accessOf(request: FastifyRequest): Access | 'none' {
  if (request.is404) return 'none';
  return request.routeOptions.config?.access ?? 'read';
}

/** Every route of the server with its access, for the test that asks for each of them in every form. */
export function noteRoutes(app: FastifyInstance): readonly { readonly url: string; readonly access: Access }[] {
  const routes: { url: string; access: Access }[] = [];
  app.addHook('onRoute', ({ url, config }) => {
    routes.push({ url, access: config?.access ?? 'read' });
  });
  return routes;
}
