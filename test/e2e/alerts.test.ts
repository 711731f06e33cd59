import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startHttp, startSmtp } from '../support/receivers.ts';
import { cardgenius, newPlace } from './cli.ts';

test('alerts test: tells every channel, says which took it, and shows no secret', async t => {
  await using http = await startHttp();
  await using smtp = await startSmtp();
  const at = await newPlace();
  const { cwd } = at;
  const email = `email: { smtp: '${smtp.url}', from: 'a@here.example', to: ['b@here.example'] }`;
  const config = (more: string) =>
    writeFile(join(cwd, 'cron.config.ts'), `export default { alerts: { slack: { url: '${http.url}' }, ${more} } };`);

  await config(email);
  const told = await cardgenius(['alerts', 'test', '--json'], at);
  t.is(told.code, 0, told.stderr);
  t.deepEqual(
    JSON.parse(told.stdout).channels.map(({ ok }: { ok: boolean }) => ok),
    [true, true],
  );
  t.is(http.items.length, 1);
  t.regex(smtp.items[0]!.text, /this channel works/);

  await config(`teams: { url: 'http://127.0.0.1:1/hunter2' }`);
  const failed = await cardgenius(['alerts', 'test'], at);
  t.is(failed.code, 1);
  t.regex(failed.stdout, /slack +ok[\s\S]*teams +FAILED/);
  t.notRegex(failed.stdout + failed.stderr, /hunter2/);

  const none = await cardgenius(['alerts', 'list'], at);
  t.is(none.stdout, 'No alert is open.\n');
});
