import test from 'ava';
import { compareWithReference } from '../reference/accuracy.ts';
import { EDGES } from '../reference/edge-users.ts';

test('4,000 pairs aimed at the edges: every column and rank as in the reference', async t => {
  const result = await compareWithReference(4_000, 20_261_123);
  t.log(`${result.aimed} pairs aimed at edges, ${result.compared} compared, ${result.differences} differences`);
  t.deepEqual(result.examples, []);
  t.is(result.differences, 0);
  for (const edge of EDGES) {
    const { on, below, above, free } = result.edges[edge];
    t.true(on + below + above + free >= 25, `${edge}: ${on + below + above + free} pairs`);
  }
});
