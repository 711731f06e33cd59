/** A real HTTP receiver and a small real SMTP server on this machine: what arrives is kept. */
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';

export interface Received<T> extends AsyncDisposable {
  readonly url: string;
  readonly items: T[];
  /** Resolves when so many have arrived in all. */
  arrived(count: number): Promise<void>;
}

class Shelf<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: T): void {
    this.items.push(item);
    for (const look of this.#waiting) look();
  }

  arrived = (count: number): Promise<void> =>
    new Promise(resolve => {
      const look = () => {
        if (this.items.length < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
}

export interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `status` is asked for each request: what is not 2xx is refused, and not kept. */
export async function startHttp(
  status: (body: string) => number = () => 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Received<Post>> {
  const shelf = new Shelf<Post>();
  const server = createHttp((request, response) => {
    let body = '';
    request.on('data', data => (body += data));
    request.on('end', () => {
      const code = status(body);
      response.writeHead(code, headers).end();
      if (code < 300) shelf.add({ headers: request.headers, body });
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    items: shelf.items,
    arrived: shelf.arrived,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
}

/**
 * `answer` is what a mail gets that was sent whole: what is not 2xx is refused, and not kept. `receive` is what a receiver gets.
 */
export async function startSmtp(
  answer: (mail: Mail) => string = () => '250 kept',
  receive: (address: string) => string = () => '250 ok',
): Promise<Received<Mail>> {
  const shelf = new Shelf<Mail>();
  const sockets = new Set<Socket>();
  const server = createTcp(socket => {
    sockets.add(socket.setEncoding('utf8').on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
    const onMail = (mail: Mail) => {
      const said = answer(mail);
      if (said.startsWith('2')) shelf.add(mail);
      return said;
    };
    converse(socket, onMail, receive);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    items: shelf.items,
    arrived: shelf.arrived,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** RFC 5321, as much of it as one sender needs. */
function converse(socket: Socket, onMail: (mail: Mail) => string, receive: (address: string) => string): void {
  let from = '';
  let to: string[] = [];
  let data: string[] | undefined;
  let rest = '';
  const say = (line: string) => void socket.write(`${line}\r\n`);
  const hear = (line: string) => {
    if (data !== undefined) {
      if (line !== '.') {
        data.push(line.replace(/^\.\./, '.'));
        return;
      }
      const answer = onMail({ from, to, text: data.join('\n') });
      data = undefined;
      say(answer);
    } else if (/^(EHLO|HELO)/i.test(line)) say('250 here');
    else if (/^STARTTLS/i.test(line)) say('502 there is none');
    else if (/^MAIL FROM:/i.test(line)) {
      from = /<(.*?)>/.exec(line)?.[1] ?? '';
      to = [];
      say('250 ok');
    } else if (/^RCPT TO:/i.test(line)) {
      const address = /<(.*?)>/.exec(line)?.[1] ?? '';
      const said = receive(address);
      if (said.startsWith('2')) to.push(address);
      say(said);
    } else if (/^DATA/i.test(line)) {
      data = [];
      say('354 go on');
    } else if (/^QUIT/i.test(line)) {
      say('221 bye');
      socket.end();
    } else say('250 ok');
  };
  socket.on('data', text => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop()!;
    for (const line of lines) hear(line);
  });
  say('220 a sink');
}
