/** Every route, in every form of its address that a client can send: fetch makes some of them tidy, so they go over a socket. */
import { connect } from 'node:net';
import test from 'ava';
import { type MadeUp, madeUp } from '../support/dashboard.ts';

const READ = 'read-token-of-the-test-9f3c';
const HOST = '127.0.0.1:8787';

/** The status of an answer; the stream of events never ends, so that its head is enough. */
async function ask(url: string, line: string, headers: readonly string[] = []): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`${line}\r\n${headers.map(header => `${header}\r\n`).join('')}Connection: close\r\n\r\n`);
  const status = await new Promise<number>((resolve, reject) => {
    let seen = '';
    socket.on('error', reject).on('close', () => resolve(Number(/^HTTP\/1\.\d (\d+)/.exec(seen)?.[1] ?? 0)));
    socket.on('data', data => {
      seen += data;
      if (seen.includes('\r\n')) socket.destroy();
    });
  });
  return status;
}

const encoded = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** All that a router might take for the same path. */
function formsOf(path: string): string[] {
  const letters = [...path].flatMap((letter, i) =>
    letter === '/' && i === 0 ? [] : [`${path.slice(0, i)}${encoded(letter)}${path.slice(i + 1)}`],
  );
  const all = `/${[...path.slice(1)].map(letter => (letter === '/' ? '/' : encoded(letter))).join('')}`;
  return [
    path,
    ...letters,
    all,
    all.toUpperCase(),
    `http://x${path}`,
    `http://${HOST}${path}`,
    `HTTP://x${all}`,
    `//${path.slice(1)}`,
    `/${path}`,
    `${path}/`,
    `${path}//`,
    path.replaceAll('/', '//'),
    path.toUpperCase(),
    `/.${path}`,
    `/x/..${path}`,
    `/livez/..${path}`,
    `/livez${path}`,
    `${path}#x`,
    `/livez#${path}`,
    `${path};x=1`,
    `${path}%00`,
    `${path}%20`,
    `${path}%2f`,
    path.replaceAll('/', '\\'),
  ].flatMap(form => [form, `${form}?id=CK1`, `${form}?#x`]);
}

const guarded = ({ dashboard }: MadeUp) =>
  [
    ...new Set(dashboard.routes.filter(({ access }) => access === 'read' || access === 'scrape').map(({ url }) => url)),
  ].map(url => url.replace(/:\w+/g, '1'));

const lines = (path: string) =>
  formsOf(path).flatMap(form =>
    ['GET', 'HEAD', 'POST', 'OPTIONS'].flatMap(method =>
      ['1.1', '1.0'].map(version => `${method} ${form} HTTP/${version}`),
    ),
  );

/** 200 is reading; nothing else shows anything. A form of the open page or of /livez is no way in. */
async function waysIn(at: MadeUp, paths: readonly string[], headers: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const wanted = paths.flatMap(lines).filter(line => !/^\w+ \/livez#/.test(line));
  for (let i = 0; i < wanted.length; i += 50) {
    const some = wanted.slice(i, i + 50);
    const answers = await Promise.all(some.map(line => ask(at.url, line, headers)));
    answers.forEach((status, k) => {
      if (status < 400 || status >= 500) found.push(`${status}: ${some[k]}`);
    });
  }
  return found;
}

const OPTIONS = { providers: { user: async () => ({ userId: 'CK1' }) }, requestsPerMinute: 1_000_000 };

test('a token is set: no form of any guarded route is answered to who brings none', async t => {
  t.timeout(600_000);
  await using at = await madeUp({}, { ...OPTIONS, tokens: { read: READ, act: undefined } });
  const paths = guarded(at);
  for (const path of ['/api/lists', '/api/user', '/api/runs/1', '/api/events', '/api/retry', '/api/steer', '/metrics'])
    t.true(paths.includes(path), path);
  t.deepEqual(await waysIn(at, paths, [`Host: ${HOST}`]), []);
  t.is(await ask(at.url, 'GET /%61pi/user?id=CK1 HTTP/1.1', [`Host: ${HOST}`, `Authorization: Bearer ${READ}`]), 200);
});

test('open to this machine: another name for it, and a proxy, are refused in every form', async t => {
  t.timeout(600_000);
  await using at = await madeUp({}, OPTIONS);
  const paths = guarded(at);
  t.deepEqual(await waysIn(at, paths, ['Host: evil.example']), []);
  t.deepEqual(await waysIn(at, paths, [`Host: ${HOST}`, 'X-Forwarded-For: 203.0.113.7']), []);
  t.is(await ask(at.url, 'GET /api/lists HTTP/1.1', [`Host: ${HOST}`]), 200);
});

test('a route that says nothing of its access is for readers; those for strangers are these and no others', async t => {
  await using at = await madeUp();
  const open = new Set(
    at.dashboard.routes.filter(({ access }) => access === 'open' || access === 'health').map(({ url }) => url),
  );
  const pages = [...open].filter(url => !/^\/([\w-]+\.(js|css))?$/.test(url)).toSorted();
  t.deepEqual(pages, ['/api/session', '/api/sign-in', '/api/sign-out', '/livez', '/readyz', '/runs/:runId']);
});

test('an id that comes twice is refused as no id, and not as a fault of ours', async t => {
  await using at = await madeUp({}, OPTIONS);
  t.is(await ask(at.url, 'GET /api/user?id=a&id=b HTTP/1.1', [`Host: ${HOST}`]), 400);
});
