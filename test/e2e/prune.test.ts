import test from 'ava';
import { cardgenius, newPlace } from './cli.ts';

test('prune: says what it deleted, in a line of JSON as well, and refuses what it does not understand', async t => {
  const place = await newPlace('done');

  const pruned = await cardgenius(['prune', '--keep', '90d', '--orphans', '--json'], place);
  t.is(pruned.code, 0, pruned.stderr);
  t.regex(pruned.stderr, /^0 of 100 users with recommendations are gone: 0 rows\.\n$/);
  t.like(JSON.parse(pruned.stdout), { orphans: 0, orphanRows: 0 });
  t.is(JSON.parse(pruned.stdout).deleted.run, 0);
  t.regex((await cardgenius(['prune', '--keep', '1d'], place)).stdout, /run +0\n[\s\S]*rows deleted\.\n$/);

  for (const args of [['prune'], ['prune', '--keep', '0d'], ['prune', '--keep', 'week']])
    t.is((await cardgenius(args, place)).code, 2, args.join(' '));
});
