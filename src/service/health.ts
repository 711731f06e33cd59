import { createServer, type Server } from 'node:http';
import { messageOf, UsageError } from '../model/errors.ts';

/** `/livez` answers while the process turns over; `/readyz` while the database has answered lately, 503 else. */
export async function serveHealth(address: string, isReady: () => boolean): Promise<AsyncDisposable> {
  if (address === 'off') return { [Symbol.asyncDispose]: async () => {} };
  const split = address.lastIndexOf(':');
  const host = address.slice(0, split).replace(/^\[|\]$/g, '');
  const server = createServer((request, response) => {
    const ready = isReady();
    const status = request.url === '/livez' ? 200 : request.url === '/readyz' ? (ready ? 200 : 503) : 404;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ready }));
  });
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
