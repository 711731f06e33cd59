/** The built-in engine behind HTTP, as examples/http-engine.ts asks for it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineUser } from '../../src/engine/plugin/define-engine.ts';
import { CATEGORIES } from '../../src/model/spending.ts';

export interface EngineService extends AsyncDisposable {
  readonly url: string;
  readonly calls: number;
  readonly mostAtOnce: number;
}

export async function serveEngine(engine: Engine): Promise<EngineService> {
  let [calls, atOnce, mostAtOnce] = [0, 0, 0];
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/engine') {
      const cards = engine.cards.map(({ cardNo: _, ...card }) => card);
      response.end(JSON.stringify({ name: 'served', version: '7', cards }));
      return;
    }
    calls++;
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    const { spends, confirmed } = (await json(request)) as EngineUser;
    const amounts = Float64Array.from([...CATEGORIES.slice(0, 5).map(category => spends[category]), confirmed]);
    const answer = await engine.recommend({ count: 1, userNo: Int32Array.of(1), amounts });
    const rows = Array.from(answer.cardNo, (cardNo, r) => ({
      card: engine.cards[cardNo]!.name,
      yearly: answer.yearly[r],
      extra: answer.extra[r],
      points: Object.fromEntries(CATEGORIES.map((category, c) => [category, answer.points[c * 10 + r]])),
    }));
    await new Promise(setImmediate);
    atOnce--;
    response.end(JSON.stringify({ rows }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}
