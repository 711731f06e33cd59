import test from 'ava';
import { cronProblem } from '../../src/schedule/cron-expression.ts';
import { nextSlots } from '../../src/schedule/slots.ts';

const WRONG: Readonly<Record<string, RegExp>> = {
  '0 2 30 2 *': /never fires|no cron expression/,
  '*/90 * * * *': /a step of 90 is not within the 60 of minute/,
  '0 */24 * * *': /a step of 24 is not within the 24 of hour/,
  '*/0 * * * *': /a step of 0/,
  '0-99999999 * * * *': /99999999 is above 59, the last minute/,
  '0-99999999 0 2 * * 1': /99999999 is above 59, the last second/,
  '0 25 * * 1': /25 is above 23, the last hour/,
  [`0 2 * * ${'1,'.repeat(200)}1`]: /longer than 200 characters/,
};
for (const [expression, message] of Object.entries(WRONG)) {
  test(`refused: ${expression.slice(0, 40)}`, t => t.regex(cronProblem(expression) ?? '', message));
}

test('a day that never comes within nine years is refused, by its next fires: there are none', t => {
  // 29 February is a Monday again in 2044: refused until it comes near.
  const year = new Date().getUTCFullYear();
  t.is(cronProblem('0 2 29 2 1') === undefined, year >= 2035);
  t.is(nextSlots({ cron: '0 2 29 2 1', timeZone: 'UTC' }, Date.now(), 5).length > 0, year >= 2035);
});

test('what people write is taken', t => {
  for (const cron of [
    '0 2 * * 1',
    '*/10 * * * * *',
    '0 2 29 2 *',
    '0 2 1-7 * 1',
    '30 1-23/2 * jan,jul mon-fri',
    '0 0 31 12 7',
    '*/59 * * * *',
  ])
    t.is(cronProblem(cron), undefined, cron);
});
