import { createServer, type Server } from 'node:http';
import { messageOf, UsageError } from '../model/errors.ts';
import { ALIVE, type HealthAnswer, readiness } from '../telemetry/readiness.ts';

/** No client is waited for: descriptors are shared with the work. */
const LIMITS = {
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
};

/** `/livez` answers while the process turns over; `/readyz` while the database has answered lately, else 503 with a code. */
export async function serveHealth(address: string, trouble: () => string | undefined): Promise<AsyncDisposable> {
  if (address === 'off') return { [Symbol.asyncDispose]: async () => {} };
  const split = address.lastIndexOf(':');
  const host = address.slice(0, split).replace(/^\[|\]$/g, '');
  const server = createServer(LIMITS, (request, response) => {
    const answers: Record<string, () => HealthAnswer> = {
      '/livez': () => ALIVE,
      '/readyz': () => readiness(trouble()),
    };
    const answer = answers[request.url ?? '']?.();
    response.writeHead(answer?.status ?? 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer?.body ?? { error: 'NOT_FOUND' }));
  });
  server.maxConnections = 128;
  await listen(server, Number(address.slice(split + 1)), host);
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', error =>
      reject(new UsageError('HEALTH_ADDRESS', `Cannot listen on ${host}:${port}: ${messageOf(error)}.`)),
    );
    server.listen(port, host, resolve);
  });
}
