/** The engine of `processors.ts --slow`: the example's, which takes a millisecond for each user, as one that asks another program would. */
import { setTimeout } from 'node:timers/promises';
import { defineEngine, type UserRecommender } from 'cardgenius-batch';
import example from '../examples/plain-function.ts';

export default defineEngine({
  ...example,
  name: 'slow',
  concurrency: 1,
  create() {
    const engine = example.create() as UserRecommender;
    return {
      async recommend(user, call) {
        await setTimeout(1);
        return engine.recommend(user, call);
      },
    };
  },
});
