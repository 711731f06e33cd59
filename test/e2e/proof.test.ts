/** Proving the figures, from the command line: an engine of one's own, explanations, the catalogue, parity. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import test from 'ava';
import { type MadeSpends, makeResponse } from '../support/api-answers.ts';
import { inventCards, serveStandIn } from '../support/card-genius-api.ts';
import { cardgenius, hold, newFolder, newPlace } from './cli.ts';

const ROOT = join(import.meta.dirname, '../..');
const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
const CATALOG = join(ROOT, 'catalog/cards.json');

test.serial('a golden file: what was exported matches, what was changed or is missing is found', async t => {
  const at = await newPlace('done');
  const parity = (...args: string[]) => cardgenius(['parity', '--golden', ...args], at);
  {
    await using _ = await hold(at);
    t.is((await cardgenius(['export', 'golden.csv'], at)).code, 0);
  }
  const same = await parity('golden.csv', '--json');
  t.is(same.code, 0, same.stderr);
  t.is(same.stdout.split('\n').length, 2, 'one line');
  t.like(JSON.parse(same.stdout), { passed: true, users: 100, usersMatching: 100, differences: 0 });

  const text = await readFile(join(at.cwd, 'golden.csv'), 'utf8');
  const lines = text.split('\n').map((line, i) => {
    const cells = line.split(',');
    if (i === 0 || i % 10 !== 1 || i > 70) return line; // the first card of seven users
    const fee = Number(cells[4]) * 1.18 + 1;
    return cells
      .with(4, fee.toFixed(2))
      .with(6, (Number(cells[3]) + Number(cells[5]) - fee).toFixed(2))
      .join(',');
  });
  await writeFile(join(at.cwd, 'changed.csv'), lines.join('\n').replaceAll(',', ';'));
  const args = ['changed.csv', '--delimiter', ';', '--csv', 'differences.csv', '--html', 'parity.html'];
  const changed = await parity(...args);
  t.is(changed.code, 1);
  t.regex(changed.stdout, /FAILED/);
  t.regex(changed.stdout, /93 of 100 \(93\.00 %; 95\.00 % asked for: NOT MET\)/);
  t.is((await readFile(join(at.cwd, 'differences.csv'), 'utf8')).trimEnd().split('\n').length, 8);
  t.regex(await readFile(join(at.cwd, 'parity.html'), 'utf8'), /<p class="failed">Failed/);
  t.is((await parity(...args, '--threshold', '93')).code, 0);

  // Golden users whose spends are missing are counted, and count against the verdict.
  await writeFile(join(at.cwd, 'two.csv'), `${HEADER}\n${lines[1]!.split(',')[0]},1,0,0,0,0,1\n`);
  const { code, stdout } = await parity('golden.csv', '--spends', 'two.csv', '--json');
  t.is(code, 1);
  t.like(JSON.parse(stdout), { users: 1, leftOut: [{ users: 99, why: 'the file of spends does not have this user' }] });
});

test.serial('an engine that cannot be loaded ends a run before a database is made', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:db' };
  await writeFile(join(at.cwd, 'cron.config.ts'), "export default { engine: './none.ts' };\n");
  const { code, stderr } = await cardgenius(['run'], at);
  t.is(code, 2);
  t.regex(stderr, /^cardgenius: The engine .*none\.ts does not exist\. Name a module .* \[ENGINE_UNREADABLE\]\n$/);
  await t.throwsAsync(stat(join(at.cwd, 'db')));
});

test.serial('a misbehaving engine: exit code 3, its users failed, the others served', async t => {
  const at = await newPlace();
  const engine = join(ROOT, 'test/support/misbehaving-engine.ts');
  await writeFile(
    join(at.cwd, 'cron.config.ts'),
    `export default { engine: ${JSON.stringify(engine)}, engineTimeoutSeconds: 0.05 };\n`,
  );
  // Throws, nine rows, rejects, and a good one each: what else it can do wrong is in test/embedded/own-engine.test.ts.
  const rows = [1, 4, 11, 100, 101].map((amazon, i) => `CK000${i},${amazon},0,0,0,0,${amazon}`);
  await writeFile(join(at.cwd, 'spends.csv'), `${[HEADER, ...rows].join('\n')}\n`);
  t.is((await cardgenius(['import', 'spends.csv'], at)).code, 0);
  const { code, stdout } = await cardgenius(['run', '--json'], at);
  t.is(code, 3);
  t.like(JSON.parse(stdout), { state: 'done', users: 5, completed: 2, failed: 3 });
  const explain = await cardgenius(['recommend', '--amazon', '500', '--explain'], at);
  t.is(explain.code, 2);
  t.regex(explain.stderr, /EXPLAIN_BUILT_IN_ONLY/);
});

test.serial('recommend --explain, in words and as JSON', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:never' };
  const args = ['recommend', '--amazon', '150000', '--confirmed', '250000', '--explain'];
  const words = await cardgenius(args, at);
  t.is(words.code, 0, words.stderr);
  t.regex(words.stdout, /₹1,50,000\.00 a month × \d+ points for every ₹\d+/);
  const { cards } = JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  t.is(cards.length, 10);
  for (const card of cards) t.is(card.explanation.net_savings, card.net_savings);
});

test.serial('catalog check, diff and show', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:never' };
  const catalogJson = async (...args: string[]) => {
    const { code, stdout, stderr } = await cardgenius(['catalog', ...args, '--json'], at);
    t.is(stdout.split('\n').length, 2, stderr);
    return { code, result: JSON.parse(stdout) };
  };
  t.like((await catalogJson('check', '--users', '500')).result, { cards: 109, open: 85, errors: 0 });
  const catalog = JSON.parse(await readFile(CATALOG, 'utf8'));
  catalog.cards[0].fees.joining = 123.456;
  await writeFile(join(at.cwd, 'wrong.json'), JSON.stringify(catalog));
  t.like(await catalogJson('check', 'wrong.json'), { code: 1, result: { errors: 1 } });
  catalog.cards[0].fees.joining = 5_000;
  await writeFile(join(at.cwd, 'next.json'), JSON.stringify(catalog));
  const { code, result } = await catalogJson('diff', CATALOG, 'next.json', '--users', '500', '--csv', 'moves.csv');
  t.is(code, 0);
  t.true(result.firstCardChanges > 0 && result.netMoves.up === 0);
  t.is(result.cards[0].name, catalog.cards[0].name);
  t.regex(await readFile(join(at.cwd, 'moves.csv'), 'utf8'), /^user_id,first_card_before,/);
  t.is((await catalogJson('show', 'sbi_cashback')).result.id, 'sbi_cashback');
  const none = await cardgenius(['catalog', 'show', 'sbi_cashbak'], at);
  t.is(none.code, 2);
  t.regex(none.stderr, /Did you mean sbi_cashback\?/);
});

test.serial('parity with a live API, then with the answers that it left', async t => {
  const { cards } = JSON.parse(await readFile(CATALOG, 'utf8'));
  let calls = 0;
  const server = createServer(async (request, response) => {
    calls++;
    const spends = (await json(request)) as MadeSpends;
    response.statusCode = request.headers['x-team'] === 'batch' ? 200 : 403;
    response.end(JSON.stringify(makeResponse(cards, spends, { year: 2026, partner: true })));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/calculate`;

  const at = await newPlace('done');
  const args = ['parity', '--url', url, '--sample', '12', '--rate', '1000', '--keep', 'kept', '--json'];
  const refused = await cardgenius(args, at);
  t.is(refused.code, 1);
  t.regex(refused.stdout + refused.stderr, /API_FAILED.*gave no answer: status 403\./);
  t.is(calls, 1, 'a refusal is not asked again');
  await writeFile(join(at.cwd, 'headers.txt'), '# of the batch\nX-Team: batch\n');
  const live = await cardgenius([...args, '--header-file', 'headers.txt'], at);
  t.is(live.code, 0, live.stderr);
  t.like(JSON.parse(live.stdout), { passed: true, users: 12, usersMatching: 12 });
  const asked = calls;
  const environment = { ...at, env: { CARDGENIUS_API_HEADERS: 'X-Team: batch' } };
  t.like(JSON.parse((await cardgenius(args, environment)).stdout), { users: 12 });
  t.is(calls, asked, 'all answers were kept');
  const saved = await cardgenius(['parity', '--answers', 'kept', '--json'], { ...at, database: 'pglite:never' });
  t.like(JSON.parse(saved.stdout), { passed: true });
});

test.serial('a catalogue is made from the live API, agrees with it, and is asked for again', async t => {
  const cards = inventCards(24, 12);
  const standIn = await serveStandIn(cards);
  t.teardown(standIn.close);
  const at = { cwd: await newFolder(), database: 'pglite:never' };
  const api = ['--url', `${standIn.url}?key=SECRET`, '--rate', '1000'];
  const made = await cardgenius(['catalog', 'from-api', ...api, '--out', 'made.json', '--json'], at);
  t.is(made.code, 0, made.stderr);
  t.like(JSON.parse(made.stdout), { complete: 24, heldOut: 20 });
  t.true(standIn.seen.calls <= 60);
  const text = await readFile(join(at.cwd, 'made.json'), 'utf8');
  t.false((text + made.stdout + made.stderr).includes('SECRET'));

  const users = Array.from(
    { length: 20 },
    (_, i) => `CK${i},${i * 913}.5,${i * 211},${i * 77},0,${i * 1_003},${i * 9_001}`,
  );
  await writeFile(join(at.cwd, 'spends.csv'), `${[HEADER, ...users].join('\n')}\n`);
  const env = { CARDGENIUS_CATALOG: 'made.json' };
  const args = ['parity', ...api, '--spends', 'spends.csv', '--keep', 'kept', '--json'];
  const parity = await cardgenius(args, { ...at, env });
  t.is(parity.code, 0, parity.stderr + parity.stdout);
  t.like(JSON.parse(parity.stdout), { passed: true, users: 20, usersMatching: 20, causes: [] });

  const saved = await cardgenius(['catalog', 'from-answers', 'kept', '--out', 'again.json', '--json'], at);
  t.true(saved.code === 0 || /FROM_API_FEW/.test(saved.stdout + saved.stderr), saved.stderr);
  const shown = await cardgenius(['catalog', 'refresh', 'made.json', ...api, '--users', '200'], at);
  t.is(shown.code, 0, shown.stderr);
  t.regex(shown.stdout, /No card has changed\./);
  t.is(await readFile(join(at.cwd, 'made.json'), 'utf8'), text, 'nothing is replaced without --yes');
  const other = JSON.parse(text);
  other.cards[0].fees.joining += 5;
  await writeFile(join(at.cwd, 'made.json'), JSON.stringify(other));
  const replaced = await cardgenius(
    ['catalog', 'refresh', 'made.json', ...api, '--users', '200', '--yes', '--json'],
    at,
  );
  t.like(JSON.parse(replaced.stdout), { replaced: true, changes: [{ what: 'changed', fields: [{ field: 'fees' }] }] });
  t.deepEqual(
    JSON.parse(await readFile(join(at.cwd, 'made.json'), 'utf8')).cards[0].fees,
    JSON.parse(text).cards[0].fees,
  );
});

test.serial('parity wants one source, and says so', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:never' };
  for (const args of [[], ['--golden', 'a.csv', '--url', 'http://b']]) {
    const { code, stderr } = await cardgenius(['parity', ...args], at);
    t.is(code, 2);
    t.regex(stderr, /Name one source of truth/);
  }
  t.is((await cardgenius(['parity', '--answers', 'nowhere'], at)).code, 2);
  t.is((await cardgenius(['parity', '--golden', 'nowhere.csv'], at)).code, 2);
  await t.throwsAsync(stat(join(at.cwd, 'never')));
});
