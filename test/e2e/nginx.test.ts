/** The block of docs/dashboard.md, in an nginx where there is one (apt-get install nginx-light). */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { DashboardEvent } from '../../src/dashboard/doors.ts';
import { madeUp } from '../support/dashboard.ts';

const NONE = 'NOT TESTED: THE DASHBOARD BEHIND NGINX. There is no nginx (apt-get install nginx-light).';
const hasNginx = spawnSync('nginx', ['-v']).error === undefined;
const READ = 'read-token-of-the-test-9f3c';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function nginxBefore(target: string): Promise<{ url: string } & AsyncDisposable> {
  const docs = await readFile(new URL('../../docs/dashboard.md', import.meta.url), 'utf8');
  const block = /```nginx\n([\s\S]*?)```/.exec(docs)![1]!.replace('http://127.0.0.1:8787', target.replace(/\/$/, ''));
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-nginx-'));
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; gzip on; gzip_types *; ${paths.join(' ')} server { listen 127.0.0.1:${port}; ${block} } }`,
  );
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  while (
    !(await fetch(`${url}livez`).then(
      answer => answer.ok,
      () => false,
    ))
  ) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await new Promise(resolve => nginx.once('exit', resolve));
    },
  };
}

if (!hasNginx) {
  console.error(`\n${NONE}\n`);
  test.skip('behind nginx', () => {});
} else {
  test('behind nginx, with the block of the documents: events come as they are made, and the doors are shut', async t => {
    const seen: DashboardEvent[] = [];
    const options = {
      tokens: { read: READ, act: undefined },
      trustedProxies: ['127.0.0.1'],
      userHeader: 'X-Forwarded-User',
    };
    await using at = await madeUp({}, { ...options, note: event => seen.push(event) });
    await using proxy = await nginxBefore(at.url);
    for (const path of ['api/lists', '%61pi/lists', 'metrics', 'metric%73', 'api/events'])
      t.is((await fetch(proxy.url + path)).status, 401, path);
    const signIn = await fetch(`${proxy.url}api/sign-in`, {
      method: 'POST',
      headers: {
        origin: proxy.url.slice(0, -1),
        'content-type': 'application/json',
        'x-forwarded-user': 'planted',
        'x-forwarded-host': 'planted.example',
      },
      body: JSON.stringify({ token: READ }),
    });
    t.is(signIn.status, 200);
    t.like(seen, [{ type: 'signed-in', person: 'a stranger' }]);
    const stop = new AbortController();
    const cookie = signIn.headers.get('set-cookie')!.split(';')[0]!;
    const headers = { cookie, 'accept-encoding': 'gzip' };
    const events = await fetch(`${proxy.url}api/events`, { headers, signal: stop.signal });
    let text = '';
    for await (const part of events.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (/^data: \{"at"/m.test(text)) break; // the stream goes on, and nothing was held back until its end
    }
    t.regex(text, /^data: \{"at"/m);
    stop.abort();
  });
}
