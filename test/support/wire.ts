import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** A wire that can be cut: a TCP proxy on loopback. */
export interface Wire extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection that is open now; new ones may be made. */
  cut(): void;
  /** Nothing passes any more on the connections that are open now, and neither end is told: half-open, as after a pulled cable. */
  stall(): void;
  /** How many connections were cut or stalled so far. */
  readonly cuts: number;
}

/** `at` is the port to listen on; any that is free unless it is given. */
export async function wireTo(host: string, port: number, at = 0): Promise<Wire> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server: Server = createServer(near => {
    const far = createConnection({ host, port });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>(resolve => server.listen(at, '127.0.0.1', resolve));
  const cut = () => {
    cuts += sockets.size / 2;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stall = () => {
    cuts += sockets.size / 2;
    for (const socket of sockets) socket.unpipe().pause();
  };
  return {
    stall,
    port: (server.address() as { port: number }).port,
    cut,
    get cuts() {
      return cuts;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}
