import test from 'ava';
import type { Processor } from '../../src/model/service.ts';
import { announcePresence } from '../../src/serve/presence.ts';

const PROCESSOR: Processor = { id: 'here:1:a', host: 'here', pid: 1, version: '1' };

test('it is seen at once and again, and leaves once its last sign of life is written', async t => {
  const said: string[] = [];
  const alive = setInterval(() => {}, 3_600_000); // presence itself keeps no process alive
  const { promise: seenTwice, resolve: twice } = Promise.withResolvers<void>();
  const { promise: written, resolve: write } = Promise.withResolvers<void>();
  const service = {
    seeProcessor: async ({ id }: Processor) => {
      said.push(`seen ${id}`);
      if (said.length !== 2) return;
      twice();
      await written;
      said.push('written');
    },
    resign: async (id: string) => void said.push(`left ${id}`),
  };
  const presence = await announcePresence(service, PROCESSOR, {
    onTrouble: error => t.fail(String(error)),
    everyMs: 1,
  });
  await seenTwice;
  const left = presence[Symbol.asyncDispose]();
  write();
  await left;
  clearInterval(alive);
  t.deepEqual(said, ['seen here:1:a', 'seen here:1:a', 'written', 'left here:1:a']);
});

test('a database that is away fails no run', async t => {
  const away = async () => {
    throw new Error('away');
  };
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown) => void troubles.push(error);
  const presence = await announcePresence({ seeProcessor: away, resign: away }, PROCESSOR, {
    onTrouble,
    everyMs: 3_600_000,
  });
  await presence[Symbol.asyncDispose]();
  t.is(troubles.length, 2);
});
