import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { previewAll } from '../../src/batch/preview.ts';
import { runBatch } from '../../src/batch/run-batch.ts';
import { WorkerPool } from '../../src/batch/worker-pool.ts';
import { describePreview, previewJson } from '../../src/cli/run-command.ts';
import { configuredEngine } from '../../src/cli/steer-command.ts';
import { movesTable } from '../../src/cli/table.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { EngineThread } from '../../src/engine/engine-thread.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { adaptEngine } from '../../src/engine/plugin/adapted-engine.ts';
import type { EngineDefinition } from '../../src/engine/plugin/define-engine.ts';
import { KitAsker } from '../../src/engine/plugin/kit-asker.ts';
import { edgeUsers } from '../../src/engine/plugin/kit-users.ts';
import { formatKitReport, testEngine, testEngineModule } from '../../src/engine/plugin/testing.ts';
import { stageAndPublish } from '../../src/exchange/import-spending.ts';
import { UsageError } from '../../src/model/errors.ts';
import { sliceOf } from '../reference/engine-rows.ts';
import { countRows } from '../support/count-rows.ts';
import { serveEngine } from '../support/engine-service.ts';
import { copyDatabase } from '../support/kept.ts';

const ROOT = join(import.meta.dirname, '../..');
const SETTINGS = await loadSettings({ env: {}, cwd: import.meta.dirname });
const MISBEHAVING = join(ROOT, 'test/support/misbehaving-engine.ts');
const source = (enginePath: string, engineTimeoutMs = 1_000) => ({ ...SETTINGS, enginePath, engineTimeoutMs });

const imageOf = async (enginePath: string, engineTimeoutMs: number) =>
  (await loadEngine(source(enginePath, engineTimeoutMs))).image;

/** What each amount on amazon makes the misbehaving engine do, as processing_error tells it. */
const REASONS: Readonly<Record<number, RegExp>> = {
  1: /^ENGINE_FAILED: the engine threw: out of luck \(3 attempts\)$/,
  2: /^ENGINE_TIMEOUT: the engine gave no answer within 1000 ms \(3 attempts\)$/,
  3: /^ENGINE_TIMEOUT: the engine gave no answer within 1000 ms$/,
  4: /^ENGINE_ANSWER_INVALID: the answer has 9 rows; it must have exactly ten$/,
  5: /^ENGINE_ANSWER_INVALID: row 3 \(Card C\): yearly is NaN$/,
  6: /^ENGINE_ANSWER_INVALID: the card Card A stands in row 1 and in row 4$/,
  7: /^ENGINE_ANSWER_INVALID: row 1 \(Card A\): yearly 1000000000000 does not fit DECIMAL\(12,2\)$/,
  8: /^ENGINE_ANSWER_INVALID: row 5 names the card "Card Z", which is not declared$/,
  9: /^ENGINE_ANSWER_INVALID: row 6 \(Card F\): extra 0\.5 is not in whole paise$/,
  10: /^ENGINE_ANSWER_INVALID: row 2 \(Card I\) has a higher net \(yearly \+ extra - joiningFees\) than row 1: rows come best first$/,
  11: /^INVALID_SPENDING: too young for a card$/,
  12: /^ENGINE_ANSWER_INVALID: row 1 \(Card A\) says net 1, but yearly \+ extra - joiningFees is 7200$/,
  13: /^ENGINE_FAILED: the engine threw: the service says 503 \(3 attempts\)$/,
};

/** A whole run in memory: users whose amazon spend is so many rupees. */
async function wholeRun(enginePath: string, rupees: readonly number[], engineTimeoutMs?: number) {
  const opened = await openDatabase(`pglite:${await copyDatabase('migrated')}`, {});
  const { database } = opened;
  async function* lines() {
    for (const [i, amount] of rupees.entries()) {
      const userId = `CK${String(i).padStart(7, '0')}`;
      yield { good: { lineNo: i + 1, userId, amounts: [amount * 100, 0, 0, 0, 0, null] } };
    }
  }
  await stageAndPublish(database, 'test', lines(), { add: async () => {} }, () => {});
  const request = {
    kind: 'batch' as const,
    userLimit: null,
    processor: 'test',
    requestedBy: 'test',
    deadlineAt: null,
    engine: await loadEngine(source(enginePath, engineTimeoutMs)),
  };
  const settings = { ...SETTINGS, workers: 1, chunkSize: 1_000 };
  const outcome = await runBatch(database, settings, request, () => {}, new AbortController().signal);
  return { opened, database, outcome };
}

test.serial('the misbehaving engine fails only the users concerned, each with its reason', async t => {
  const rupees = [...Array.from({ length: 15 }, (_, i) => i), ...Array.from({ length: 185 }, (_, i) => 100 + i)];
  const { opened, database, outcome } = await wholeRun(MISBEHAVING, rupees);
  await using _ = opened;
  t.like(outcome, { state: 'done', users: 200, completed: 187, failed: 13 });
  t.like(outcome.commonestFailure, { code: 'ENGINE_ANSWER_INVALID', users: 8 });
  for (const [amount, reason] of Object.entries(REASONS)) {
    const user = await database.readSpending(`CK${amount.padStart(7, '0')}`);
    t.is(user?.status, 'failed');
    t.regex(user?.error ?? '', reason);
    t.log(`${amount}: ${user?.error}`);
  }
  t.is((await database.readSpending('CK0000014'))?.status, 'completed', 'the third attempt was good');
  t.is(await countRows(database), 1_870);
});

test.serial('a user who kills the thread fails alone: the slice is halved until that user stands alone', async t => {
  const rupees = Array.from({ length: 600 }, (_, i) => (i === 333 ? 15 : 100 + i));
  const { opened, database, outcome } = await wholeRun(MISBEHAVING, rupees, 2_000);
  await using _ = opened;
  t.like(outcome, { state: 'done', users: 600, completed: 599, failed: 1 });
  const culprit = await database.readSpending('CK0000333');
  t.is(culprit?.error, 'ENGINE_CRASHED: the engine does not survive this user: worker exited with code: 7');
  t.is(await countRows(database), 5_990);
});

test.serial('an engine that throws undefined or null beside its answers is told as that, in the log once', async t => {
  const reasons: string[] = [];
  const pool = new WorkerPool(1, await imageOf(MISBEHAVING, 60_000), reason => reasons.push(reason));
  t.teardown(() => pool.close());
  const told = ['undefined', 'null'].map(thrown => `its code threw ${thrown} beside its answers`);
  for (const [i, reason] of told.entries()) {
    const [answer] = await pool.compute(sliceOf([[1_600 + i * 100, 0, 0, 0, 0, null]]), () => {});
    const message = `the engine does not survive this user: ${reason}`;
    t.like(answer!.failures[0], { code: 'ENGINE_CRASHED', message });
  }
  t.deepEqual(reasons, told);
});

test.serial('an engine that no thread survives is no matter of users: it is told after fifty', async t => {
  const pool = new WorkerPool(1, await imageOf(MISBEHAVING, 2_000));
  t.teardown(() => pool.close());
  const many = Array.from({ length: 200 }, () => [1_500, 0, 0, 0, 0, null]);
  await t.throwsAsync(
    pool.compute(sliceOf(many), () => {}),
    { code: 'ENGINE_FAILED' },
  );
});

test.serial('a dry run over all users names the users who would fail', async t => {
  const users = [9, 100, 4, 12].map((rupees, i) => ({
    userId: `CK${i}`,
    status: 'new',
    amounts: [rupees * 100, 0, 0, 0, 0, null],
  }));
  const database = {
    listSpending: async (after: string | null) => (after === null ? users : []),
    listRecommendations: async () => [],
  };
  const limits = { maxFailedShare: 0.05, maxFirstCardChangedShare: 0.5 };
  const preview = await previewAll(database as never, await loadEngine(source(MISBEHAVING)), { limits, workers: 1 });
  t.like(preview, { users: 4, completed: 1, failed: 3 });
  t.deepEqual(
    preview.failedUsers.map(({ userId, code }) => `${userId} ${code}`),
    ['CK0 ENGINE_ANSWER_INVALID', 'CK2 ENGINE_ANSWER_INVALID', 'CK3 ENGINE_ANSWER_INVALID'],
  );
  t.regex(
    describePreview(preview),
    /Most of them \(3\): ENGINE_ANSWER_INVALID, for example CK0: row 6 .*\. To see it: cardgenius recommend CK0\n/,
  );
  const many = Array.from({ length: 101 }, (_, i) => ({ from: `A${i}`, to: 'B', users: 1 }));
  const json = previewJson({ ...preview, moves: many }) as { moves: object[]; movesTotal: number };
  t.like(json, { dryRun: true, users: preview.users, movesTotal: 101 }, 'the list is cut, and says so');
  t.is(json.moves.length, 100);
});

test('a table of first cards that is cut says how many users it leaves out', t => {
  const moves = Array.from({ length: 17 }, (_, i) => ({ from: `A${i}`, to: 'B', users: 100 - i }));
  t.regex(movesTable(['now', 'then'], moves), /\n +86 {2}A14 +B\nand 169 users of 2 other changes$/);
  t.false(movesTable(['now', 'then'], moves.slice(0, 15)).includes('other'));
});

test.serial('examples/plain-function.ts through a whole run', async t => {
  const { opened, database, outcome } = await wholeRun(join(ROOT, 'examples/plain-function.ts'), [0, 1, 50_000]);
  await using _ = opened;
  t.like(outcome, { state: 'done', users: 3, completed: 3, failed: 0 });
  const rows = await database.exportRecommendations('CK0000001', 1);
  t.like(rows[0], { cardName: 'Jungle Prime', totalSavingsYearly: 4_500_000, netSavings: 4_400_000 });
});

test.serial('examples/http-engine.ts through a whole run, with bounded concurrency', async t => {
  const builtIn = await createEngine(SETTINGS);
  await using service = await serveEngine(builtIn);
  process.env.CARDGENIUS_ENGINE_URL = service.url;
  const rupees = Array.from({ length: 150 }, (_, i) => i * 111);
  const { opened, database, outcome } = await wholeRun(join(ROOT, 'examples/http-engine.ts'), rupees, 5_000);
  await using _ = opened;
  t.like(outcome, { state: 'done', users: 150, completed: 150, failed: 0 });
  t.is(service.calls, 150);
  t.true(service.mostAtOnce > 1 && service.mostAtOnce <= 8, `${service.mostAtOnce} at once`);

  const direct = await builtIn.recommend(sliceOf([[111_00 * 149, 0, 0, 0, 0, null]]));
  const rows = await database.exportRecommendations('CK0000148', 1);
  t.deepEqual(
    rows.map(row => [row.cardName, row.totalSavingsYearly]),
    Array.from(direct.cardNo, (cardNo, r) => [builtIn.cards[cardNo]!.name, direct.yearly[r]]),
  );

  const report = await testEngineModule(join(ROOT, 'examples/http-engine.ts'), { users: 50, progress: () => {} });
  t.log(formatKitReport(report));
  t.true(report.passed);
});

test('the kit: the built-in engine and the plain function are fit', async t => {
  for (const report of [
    await testEngine(await createEngine(SETTINGS), { users: 200 }),
    await testEngineModule(join(ROOT, 'examples/plain-function.ts'), { users: 200 }),
  ]) {
    t.log(formatKitReport(report));
    t.true(report.passed);
    t.deepEqual(
      report.checks.map(check => check.name),
      ['contract', 'answers', 'determinism', 'paisa rules', 'speed'],
    );
  }
});

const silent = { progress: () => {} };
const { default: PLAIN } = (await import('../../examples/plain-function.ts')) as { default: EngineDefinition };

/** The plain function with other rows: `change` gets the ten good ones, as often as the engine is asked. */
async function plainWith(change: (rows: object[]) => unknown): Promise<EngineDefinition> {
  const inner = (await PLAIN.create()) as { recommend: (user: unknown) => object[] };
  const recommend = (user: unknown) => change(inner.recommend(user));
  return { ...PLAIN, retryDelayMs: 0, create: () => ({ recommend }) as never };
}

test('the kit finds what is wrong', async t => {
  const failed = async (engine: EngineDefinition, options = {}) => {
    const { checks } = await testEngine(engine, { users: 20, ...silent, ...options });
    return checks.filter(check => check.checked && !check.passed).map(check => check.name);
  };
  t.deepEqual(await failed({ ...PLAIN, cards: PLAIN.cards.slice(0, 9) }), ['contract']);
  t.deepEqual(await failed(await plainWith(rows => rows.slice(1))), ['answers']);
  const fractions = await plainWith(rows => rows.map(row => ({ ...row, extra: 0.1 })));
  t.deepEqual(await failed(fractions), ['answers', 'paisa rules']);
  let calls = 0;
  const restless = await plainWith(rows =>
    rows.map(({ net: _, ...row }: { net?: number }, i) => (i === 0 ? { ...row, extra: calls++ } : row)),
  );
  t.deepEqual(await failed(restless), ['determinism']);
  t.deepEqual(await failed(PLAIN, { minUsersPerSecond: 1e12 }), ['speed']);
});

test('the kit calls nothing ok of an engine that answers for no user, and asks only the first twelve', async t => {
  let calls = 0;
  const refusing = await plainWith(() => {
    calls++;
    throw new Error('no rates');
  });
  const report = await testEngine(refusing, silent);
  t.false(report.passed);
  t.is(calls, 12 * 3);
  t.is(
    formatKitReport(report),
    `plain-function 1: not fit for the batch
  ok       contract     12 cards declared
  FAILED   answers      12 of 12 users failed; the other 1,000 were not asked. The first, user 1 with amounts [0, 0, 0, 0, 0, 0]: ENGINE_FAILED: the engine threw: no rates (3 attempts)
  not run  determinism  the engine has answered for no user
  not run  paisa rules  the engine has answered for no user
  not run  speed        the engine has answered for no user`,
  );
});

test('the kit ends at the first user without an answer in time, names that user, and says how far it is', async t => {
  const loop = () => {
    for (;;);
  };
  for (const hang of [loop, () => new Promise(() => {})]) {
    let calls = 0;
    const lines: string[] = [];
    const engine = await plainWith(rows => (++calls > 3 ? hang() : rows));
    const { checks } = await testEngine(engine, { users: 20, timeoutMs: 50, progress: line => lines.push(line) });
    t.deepEqual(
      checks.map(({ passed, checked }) => (checked ? passed : 'not run')),
      [true, false, 'not run', 'not run', 'not run'],
    );
    t.regex(
      checks[1]!.detail,
      /^user 4 with amounts \[33333, 1, 1234567, 0, 777, 0\]: ENGINE_TIMEOUT: the engine gave no answer within 50 ms.* with 3 of 32 users answered\. .*engineTimeoutSeconds in cron\.config\.ts$/,
    );
    const [contract, answers, ...later] = lines;
    t.deepEqual(
      [contract, answers],
      ['contract: the declaration, and create()', 'answers: 32 users, 50 ms for a call at most (timeoutMs)'],
    );
    // On a machine that is slow just now, how far it is may be said before it ends.
    for (const line of later) t.regex(line, /^answers: 3 of 32 users after \d+ s/);
  }
});

test('an engine that blocks its thread behind an await ends the program, and the last line says at which user', async t => {
  const script = join(await mkdtemp(join(tmpdir(), 'cardgenius-blocked-')), 'blocked.ts');
  await writeFile(
    script,
    `import { BlockedWatch } from '${join(ROOT, 'src/engine/plugin/blocked-watch.ts')}';
     using watch = new BlockedWatch({ what: 'create()', limitMs: 60_000 });
     watch.watch({ what: 'answers, user 4 with amounts [1, 2]', limitMs: 300 });
     await new Promise(resolve => setTimeout(resolve, 1_000)); // waits longer than that, and lives
     watch.moved();
     for (;;);`,
  );
  const { status, signal, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  t.deepEqual([status, signal], [null, 'SIGTERM'], stderr);
  t.regex(
    stderr,
    /^answers, user 4 with amounts \[1, 2\]: the engine has blocked its thread for 300 ms behind an await, [^\n]*\n$/,
  );

  const parts: string[] = [];
  let moves = 0;
  const users = [...edgeUsers(1_000), ...edgeUsers(2_000)].slice(0, 14);
  const asker = new KitAsker(users, 12, {
    progress: () => {},
    onPart: what => parts.push(what),
    onMove: () => moves++,
  });
  const adapter = { files: () => [], path: 'plain', timeoutMs: 1_000, maxMonthlySpend: 1_000_000_000 };
  await asker.askAll(await adaptEngine(PLAIN, adapter));
  t.is(parts[3], 'answers, user 4 with amounts [33333, 1, 1234567, 0, 777, 0]');
  t.is(parts[12], 'answers, one of the users 13 to 14');
  t.true(moves >= 14);
});

test.serial('the kit says every five seconds how far it is', async t => {
  const { now } = performance;
  t.teardown(() => Object.assign(performance, { now }));
  let clock = 0;
  performance.now = () => clock;
  const lines: string[] = [];
  const slow = await plainWith(rows => {
    clock += 1_000;
    return rows;
  });
  await testEngine(slow, { users: 100, progress: line => lines.push(line) });
  t.deepEqual(lines.slice(2, 4), [
    'answers: 5 of 112 users after 5 s, 1.00 s each, about 2 min left of this check',
    'answers: 10 of 112 users after 10 s, 1.00 s each, about 2 min left of this check',
  ]);
});

test('an answer without a field is told by the engine\u2019s own name for it, and by what stands in its place', async t => {
  const detailOf = async (change: (row: Record<string, unknown>) => object) => {
    const engine = await plainWith(rows => rows.map(row => change(row as Record<string, unknown>)));
    const { checks } = await testEngine(engine, { users: 0, ...silent });
    return checks.find(({ name }) => name === 'answers')?.detail.replace(/^.*ANSWER_INVALID: row 1 (\([^)]*\) )?/, '');
  };
  t.is(
    await detailOf(({ yearly, ...row }) => ({ ...row, yearli: yearly })),
    'has no yearly, but yearli: did you mean yearly?',
  );
  t.is(await detailOf(({ card, ...row }) => ({ ...row, crad: card })), 'has no card, but crad: did you mean card?');
  t.is(await detailOf(({ extra: _, ...row }) => ({ ...row, gifts: 5 })), 'has no extra; what it has beside is gifts');
  const points = (row: { points?: Record<string, number> }) => {
    const { grocery, ...rest } = row.points!;
    return { ...rest, grocerys: grocery };
  };
  t.is(
    await detailOf(row => ({ ...row, points: points(row) })),
    'has no points.grocery, but grocerys: did you mean grocery?',
  );
});

test('a key of the declaration that is misspelled is refused; other keys an engine may have', async t => {
  const contractOf = async (change: object) =>
    (await testEngine({ ...PLAIN, ...change }, { users: 0, ...silent })).checks[0]!;
  const wrong = await contractOf({ version: undefined, verson: '1' });
  t.is(wrong.detail, 'The engine plain-function has an unknown key verson. Did you mean version?');
  t.regex((await contractOf({ retryDelay: 5 })).detail, /unknown key retryDelay\. Did you mean retryDelayMs\?/);
  const cards = PLAIN.cards.map(({ joiningFees, ...card }) => ({ ...card, joiningFee: joiningFees }));
  t.regex((await contractOf({ cards })).detail, /unknown key cards\.0\.joiningFee\. Did you mean joiningFees\?/);
  t.true((await contractOf({ team: 'cards' })).passed);
  const lost = await contractOf({ create: () => ({ recomend: () => [] }) });
  t.regex(
    lost.detail,
    /it must return \{ recommend \} or \{ recommendSlice \}, but recomend: did you mean recommend\?/,
  );
});

test('an engine of columns: a slice that fails is halved until the user to blame stands alone', async t => {
  const builtIn = await createEngine(SETTINGS);
  const asked: number[] = [];
  const engine = await adaptEngine(
    {
      name: 'columns',
      version: '1',
      retryDelayMs: 0,
      cards: builtIn.cards.map(({ cardNo: _, ...card }) => card),
      create: () => ({
        recommendSlice: slice => {
          asked.push(slice.count);
          if (slice.amounts.subarray(0, slice.count).includes(1_300)) throw new Error('thirteen');
          return builtIn.recommend(slice);
        },
      }),
    },
    { files: () => [], path: 'columns', timeoutMs: 1_000, maxMonthlySpend: 1_000_000_000 },
  );
  const users = Array.from({ length: 32 }, (_, i) => [i * 100, 0, 0, 0, 0, null]);
  users[20] = [-1, 0, 0, 0, 0, null];
  const answer = await engine.recommend(sliceOf(users));
  t.deepEqual(answer.failures, [
    { userNo: 13, code: 'ENGINE_FAILED', message: 'the engine threw: thirteen (3 attempts)' },
    { userNo: 20, code: 'INVALID_SPENDING', message: 'avg_amazon_gmv is negative: -0.01' },
  ]);
  t.is(answer.userNo.length, 30);
  t.is(asked[0], 31);
});

test.serial('an engine of which every call is late still shows that the work moves', async t => {
  const pool = new WorkerPool(1, await imageOf(MISBEHAVING, 300));
  t.teardown(() => pool.close());
  let [moves, slices] = [0, 0];
  const users = Array.from({ length: 16 }, () => [200, 0, 0, 0, 0, null]); // two rounds of eight, three attempts each
  const answers = await pool.compute(
    sliceOf(users),
    () => slices++,
    () => moves++,
  );
  t.is(answers[0]!.failures.length, 16);
  t.is(slices, 1);
  t.true(moves >= 2, `${moves} moves within the one slice`);
});

test('a module that is no engine: one sentence that names the file and the remedy', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-engine-'));
  const load = async (name: string, text: string | undefined) => {
    const path = join(folder, name);
    if (text !== undefined) await writeFile(path, text);
    const error = await t.throwsAsync(() => createEngine(source(path)), { instanceOf: UsageError });
    t.is(error?.exitCode, 2);
    t.true(error?.message.includes(path));
    t.false(error?.message.includes('\n'));
    return `${error?.code} ${error?.message.replace(path, 'FILE')}`;
  };
  t.is(
    await load('no.ts', undefined),
    'ENGINE_UNREADABLE The engine FILE does not exist. Name a module like ./our-engine.ts.',
  );
  t.regex(
    await load('broken.ts', 'export default {'),
    /^ENGINE_INVALID The engine FILE cannot be loaded: .* Correct the module/,
  );
  for (const [name, text] of [
    ['syntax.ts', '// one\nexport default { x: , };'],
    ['throws.ts', '// one\nthrow new Error("no rates");'],
  ] as const) {
    t.regex(await load(name, text), new RegExp(`cannot be loaded: .* \\(/.*/${name}:2\\)\\. Correct the module`));
  }
  t.regex(
    await load('lost.ts', 'import "./nope.ts";'),
    /Cannot find module '[^']+' imported from [^ ]+lost\.ts\. Correct/,
  );
  t.is(
    await load('none.ts', 'export const a = 1;'),
    'ENGINE_INVALID The engine FILE must say: export default defineEngine({ … }).',
  );
  t.regex(
    await load('nine.ts', 'export default { name: "a", version: "1", cards: [], create() {} };'),
    /at cards: an engine declares at least 10 cards/,
  );
  t.regex(
    await load(
      'odd.ts',
      'export default { name: "a", version: "1", cards: Array.from({ length: 10 }, (_, i) => ({ name: "c" + i, joiningFees: 0.5, redemptionMethod: "Cashback", redemptionRate: 0 })), create() {} };',
    ),
    /at cards\.0\.joiningFees/,
  );
});

test('the fingerprint is name, version, module and cards', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-engine-'));
  const cards =
    'Array.from({ length: 10 }, (_, i) => ({ name: "c" + i, joiningFees: 0, redemptionMethod: "Cashback", redemptionRate: 0 }))';
  const text = `export default { name: "a", version: "1", cards: ${cards}, create: () => ({ recommend: () => [] }) };`;
  const fingerprint = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return (await createEngine(source(join(folder, name)))).fingerprint;
  };
  const first = await fingerprint('a.ts', text);
  t.is(await fingerprint('b.ts', text), first);
  t.not(await fingerprint('c.ts', `${text}\n`), first);
  t.not(await fingerprint('d.ts', text.replace('"1"', '"2"')), first);
});

/** A Proxy that answers no question at all. */
const unreadable = new Proxy(
  {},
  {
    get: () => {
      throw new Error('not for you');
    },
    getPrototypeOf: () => {
      throw new Error('nor this');
    },
  },
);

test.serial('whatever an engine throws is told as what it threw, at once or behind a promise', async t => {
  const said: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['sorry', 'sorry'],
    [{ message: 'of another realm' }, 'of another realm'],
    [Object.create(null), 'something that cannot be read'],
    [unreadable, 'something that cannot be read'],
    [new AggregateError([]), 'AggregateError'],
  ];
  for (const [thrown, words] of said) {
    const throwing = () => {
      throw thrown;
    };
    for (const change of [throwing, async () => throwing()]) {
      const { checks } = await testEngine(await plainWith(change), { users: 0, ...silent });
      t.true(checks[1]!.detail.endsWith(`ENGINE_FAILED: the engine threw: ${words} (3 attempts)`), checks[1]!.detail);
    }
    const uncreated = await testEngine({ ...PLAIN, create: throwing }, silent);
    t.true(uncreated.checks[0]!.detail.includes(`cannot be created: ${words}. Correct`), uncreated.checks[0]!.detail);
  }
});

test.serial('an answer that throws while it is read fails its user, and is told as the engine’s', async t => {
  const rows = [await plainWith(() => Array.from({ length: 10 }, () => unreadable)), await plainWith(() => unreadable)];
  for (const engine of rows) {
    const { checks } = await testEngine(engine, { users: 0, ...silent });
    t.regex(
      checks[1]!.detail,
      /(ENGINE_ANSWER_INVALID: the answer cannot be read|ENGINE_FAILED: the engine threw): not for you/,
    );
  }
  const answers = [{ failures: [null] }, { failures: [{ userNo: 1, code: Symbol('x') }] }, { points: [] }];
  for (const answer of answers) {
    const columns = {
      userNo: [],
      cardNo: [],
      yearly: [],
      extra: [],
      points: new Float64Array(),
      failures: [],
      ...answer,
    };
    const create = () => ({ recommendSlice: () => columns }) as never;
    const { checks } = await testEngine({ ...PLAIN, retryDelayMs: 0, create }, { users: 0, ...silent });
    t.false(checks[1]!.passed);
    t.notRegex(checks[1]!.detail, /Cannot|is not a function|TypeError/);
  }
  const recommend = (await PLAIN.create()) as object;
  const both = { ...PLAIN, create: () => ({ ...recommend, recommendSlice: undefined }) as never };
  t.true((await testEngine(both, { users: 0, ...silent })).passed);
});

test('the kit says of something that is no engine what is missing', async t => {
  const contractOf = async (subject: unknown) => (await testEngine(subject as never, silent)).checks[0]!.detail;
  const { create: _, ...rest } = PLAIN;
  const recommend = () => [];
  t.is(
    await contractOf({ ...rest, recommend }),
    'The engine plain-function has no create, and recommend beside cards: write create: () => ({ recommend }).',
  );
  t.regex(await contractOf(rest), /is wrong at create: must be a function/);
  for (const none of [undefined, null, 'engine'])
    t.is(await contractOf(none), 'The engine without a name must say: export default defineEngine({ … }).');
  t.is(await contractOf(unreadable), 'The engine without a name cannot be read: not for you.');
});

/** The kit in a process of its own, against the plain function with the text of another `recommend`. */
async function kitProcess(recommend: string) {
  const script = join(await mkdtemp(join(tmpdir(), 'cardgenius-kit-')), 'kit.ts');
  await writeFile(
    script,
    `import { formatKitReport, testEngine } from '${join(ROOT, 'src/engine/plugin/testing.ts')}';
     import plain from '${join(ROOT, 'examples/plain-function.ts')}';
     const inner = await plain.create();
     let calls = 0;
     const create = () => ({ recommend(user) { calls++; ${recommend}; return inner.recommend(user); } });
     const report = await testEngine({ ...plain, create }, { users: 5, progress: () => {} });
     console.log(formatKitReport(report));
     process.exitCode = report.passed ? 0 : 1;`,
  );
  return spawnSync(process.execPath, [script], { encoding: 'utf8' });
}

test.serial(
  'an engine that ends the process never ends the kit with success, and the last line says at which user',
  async t => {
    for (const code of [0, 3]) {
      const { status, stdout, stderr } = await kitProcess(`if (calls === 6) process.exit(${code})`);
      t.deepEqual([status, stdout], [code || 1, '']);
      t.regex(
        stderr,
        new RegExp(`^answers, user 6 with .*: the engine has ended the process \\(process\\.exit, code ${code}\\)`),
      );
    }
  },
);

test.serial('an engine that rejects or throws beside its answers is not fit', async t => {
  for (const [stray, words] of [
    ['if (calls === 6) void Promise.reject()', 'a promise was rejected that no code handles: undefined'],
    ['if (calls === 6) setTimeout(() => { throw new Error("late") }, 1)', 'code outside of any call threw: late'],
  ] as const) {
    const { status, stdout, stderr } = await kitProcess(stray);
    t.is(status, 1, stderr);
    t.true(
      stdout.includes(`FAILED   answers      beside its answers, ${words}; in a run that ends the thread`),
      stdout,
    );
  }
});

test('a module that waits at its top for ever, or ends the process, is told as that', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-engine-'));
  const said = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    const error = await t.throwsAsync(EngineThread.start(source(join(folder, name))), { code: 'ENGINE_INVALID' });
    return error!.message;
  };
  t.regex(await said('waits.ts', 'await new Promise(() => {});'), /: an await at the top of its module never ends\./);
  t.regex(await said('ends.ts', 'process.exit(0);'), /: its code has ended the thread \(process\.exit, code 0\)\./);
});

test('a command that only looks does not wait for an engine that hangs', async t => {
  t.timeout(45_000); // a run gives such an engine 90 s
  const path = join(await mkdtemp(join(tmpdir(), 'cardgenius-hangs-')), 'engine.ts');
  for (const hangs of ['for (;;);', 'await new Promise(resolve => setTimeout(resolve, 1e9));']) {
    await writeFile(path, `${hangs}\nexport default {};`);
    t.is(await configuredEngine(source(path)), undefined);
  }
});
