/** The plain function of the examples, but for one user: it says so and waits until the file `go` is in the working folder. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { defineEngine, type EngineRow, type EngineUser } from 'cardgenius-batch';
import plain from '../../examples/plain-function.ts';
import { inventUser } from '../../src/exchange/seed-spending.ts';

/** Of the users that `seed` invents, the one in the middle of a kept database. */
const CONFIRMED = inventUser(50, 1).amounts[5];
const { recommend } = (await plain.create()) as { recommend: (user: EngineUser) => EngineRow[] };

export default defineEngine({
  ...plain,
  name: 'waiting',
  create: () => ({
    recommend: async user => {
      if (user.confirmed === CONFIRMED && !existsSync('go')) {
        process.stderr.write('the engine waits\n');
        while (!existsSync('go')) await setTimeout(20);
      }
      return recommend(user);
    },
  }),
});
