import test from 'ava';
import { CardGeniusError } from '../../src/model/errors.ts';
import { aChunk, aRun, madeUp } from '../support/dashboard.ts';

const ACT = 'act-token-of-the-test-41d8a';
const TOKENS = { read: 'read-token-of-the-test-9f3c', act: ACT };
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
const ended = (runId: number, plannedUsers: number) =>
  aRun({
    runId,
    state: 'done',
    plannedUsers,
    completed: plannedUsers,
    failed: 0,
    startedAt: ago(60),
    finishedAt: ago(30),
  });

/** The newest snapshot of the stream. */
async function snapshot(url: string): Promise<Record<string, { runId: number } | null>> {
  const stop = new AbortController();
  const answer = await fetch(`${url}api/events`, { signal: stop.signal });
  let text = '';
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const found = /^data: (\{"at".*\})\n/m.exec(text);
    if (found !== null) {
      stop.abort();
      return JSON.parse(found[1]!);
    }
  }
  throw new Error(text);
}

test('a run over no users hides none that had some', async t => {
  const runs = [ended(9, 0), ended(8, 0), ended(7, 400)];
  await using at = await madeUp({ run: runs[0], runs });
  await fetch(`${at.url}readyz`);
  t.like(await snapshot(at.url), { run: { runId: 7 }, empty: { runId: 9 } });
  at.scene.run = aRun({ runId: 10 });
  at.scene.runs = [at.scene.run, ...runs];
  while ((await snapshot(at.url)).run?.runId !== 10);
  t.is((await snapshot(at.url)).empty, null);
});

test('one run by its number: figures, attempts that went wrong by code alone, and acts', async t => {
  const attempt = { chunkNo: 1, attempt: 1, leaseOwner: 'a', startedAt: ago(9), endedAt: ago(8), computeMs: 1, loadMs: 1, publishMs: 1 }; // biome-ignore format: one line
  const attempts = [
    { ...attempt, outcome: 'failed' as const, errorCode: 'MSSQL_1205', errorMessage: 'login svc_cards on sql-7' },
    { ...attempt, outcome: 'done' as const, errorCode: null, errorMessage: null },
  ];
  const providers = { acts: async (runId: number) => [{ act: 'pause', runId, person: 'asha' }] };
  await using at = await madeUp({ runs: [ended(7, 400)], chunks: [aChunk()], attempts }, { providers });
  const answer = await fetch(`${at.url}api/runs/7`);
  const text = await answer.text();
  t.like(JSON.parse(text), {
    run: { runId: 7 },
    figures: { done: 400 },
    trouble: [{ outcome: 'failed', errorCode: 'MSSQL_1205' }],
    acts: [{ act: 'pause', person: 'asha' }],
  });
  t.notRegex(text, /svc_cards/);
  for (const wrong of ['8', 'x', '7x', '99999999999999999999'])
    t.is((await fetch(`${at.url}api/runs/${wrong}`)).status, 404, wrong);
  const page = await fetch(`${at.url}runs/7`);
  t.regex(await page.text(), /<base href="\.\.\/">/);
});

test('steering: for a visitor who may act, for the run that was shown, with the person and the reason', async t => {
  const asked: unknown[] = [];
  const steer = async (request: { runId: number; act: string }) => {
    if (request.runId !== 7) throw new CardGeniusError('RUN_IS_OVER', 'Run 6 is over.');
    asked.push(request);
    return { runId: 7, state: 'paused' };
  };
  await using at = await madeUp({}, { steer, tokens: TOKENS });
  const post = async (body: object, token = ACT) => {
    const headers = {
      authorization: `Bearer ${token}`,
      origin: new URL(at.url).origin,
      'content-type': 'application/json',
    };
    return await fetch(`${at.url}api/steer`, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  t.is((await post({ runId: 7, act: 'pause' }, TOKENS.read)).status, 403);
  for (const body of [{}, { runId: 7 }, { runId: '7', act: 'pause' }, { runId: 7, act: 'drop' }])
    t.is((await post(body)).status, 400);
  const over = await post({ runId: 6, act: 'cancel' });
  t.deepEqual([over.status, await over.json()], [409, { error: 'RUN_IS_OVER' }]);
  t.deepEqual(await (await post({ runId: 7, act: 'pause', reason: ' DBA asks ' })).json(), {
    runId: 7,
    state: 'paused',
  });
  await post({ runId: 7, act: 'accept-gate', reason: '' });
  t.deepEqual(asked, [
    { runId: 7, act: 'pause', reason: 'DBA asks', person: 'the act token' },
    { runId: 7, act: 'accept-gate', reason: null, person: 'the act token' },
  ]);
});
