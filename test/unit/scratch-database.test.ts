import test from 'ava';
import { type DatabaseSettings, differencesOf, likeConfigured } from '../../src/tools/bench/scratch-database.ts';

const OWN: DatabaseSettings = { compatibility_level: 150, row_versions: 1, recovery_model: 'FULL' };

/** A server that is connected to a database of these settings, and refuses what `refuses` matches. */
function serverOf(settings: DatabaseSettings, refuses = /^$/) {
  const sent: string[] = [];
  const answer = async <Row>(rows: readonly object[]) => rows as Row[];
  return {
    sent,
    ask: <Row>() => answer<Row>([settings]),
    batch: <Row>(text: string) => {
      sent.push(text);
      return refuses.test(text) ? Promise.reject(new Error('not supported')) : answer<Row>([]);
    },
  };
}

test('bench: a scratch database is set as the configured one before anybody measures in it', async t => {
  const server = serverOf(OWN);
  t.deepEqual(await likeConfigured(server, 'cardgenius_bench_1'), OWN);
  t.deepEqual(server.sent, [
    'ALTER DATABASE cardgenius_bench_1 SET COMPATIBILITY_LEVEL = 150',
    'ALTER DATABASE cardgenius_bench_1 SET RECOVERY FULL',
    'ALTER DATABASE cardgenius_bench_1 SET READ_COMMITTED_SNAPSHOT ON',
  ]);
});

test('bench: a server that refuses a setting, or does not know it, is measured all the same', async t => {
  const server = serverOf({ compatibility_level: null, row_versions: 0, recovery_model: null }, /SNAPSHOT/);
  await t.notThrowsAsync(likeConfigured(server, 'cardgenius_bench_1'));
  t.deepEqual(server.sent, ['ALTER DATABASE cardgenius_bench_1 SET READ_COMMITTED_SNAPSHOT OFF']);
});

test('bench: what is still not as in the configured database is said', t => {
  t.deepEqual(differencesOf(OWN, OWN), []);
  const [recovery, versions, ...more] = differencesOf(OWN, { ...OWN, row_versions: 0, recovery_model: 'SIMPLE' });
  t.regex(recovery!, /another recovery model .*: SIMPLE, not FULL/);
  t.regex(versions!, /another setting of READ_COMMITTED_SNAPSHOT .*: 0, not 1/);
  t.deepEqual(more, []);
});
