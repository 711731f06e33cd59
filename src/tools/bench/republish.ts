import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../database/database.ts';
import { stageAndPublish } from '../../exchange/import-spending.ts';
import { inventUser } from '../../exchange/seed-spending.ts';
import type { ParsedLine } from '../../exchange/spending-csv.ts';
import { populate, runOnce, warmUsers } from './population.ts';
import { timed } from './rounds.ts';
import { type ScratchPlace, scratchDatabase } from './scratch-database.ts';

export interface RepublishFigures {
  /** Microseconds a user of the first run, round by round. */
  readonly first: readonly number[];
  /** Of the next over the same users and those of the warm-up, one in twenty of which spends otherwise. */
  readonly next: readonly number[];
}

/** A first run, then a week in which every user is due again and 95 % of them have not changed. */
export async function measureRepublish(
  place: ScratchPlace,
  settings: Settings,
  users: number,
  rounds: number,
): Promise<RepublishFigures> {
  const figures = { first: [] as number[], next: [] as number[] };
  const all = users + warmUsers(users);
  for (let round = 0; round < rounds; round++) {
    await using scratch = await scratchDatabase(place);
    const { database, audit } = scratch;
    await populate(database, settings, users);
    figures.first.push(((await timed(() => runOnce(database, settings, { expected: users }))) / users) * 1e6);
    await audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true);
    await changeSome(database, users);
    // No gate is to shut here: a benchmark needs a figure, not a pause.
    const open = { ...settings, minEligibleShare: 0, maxFirstCardChangedShare: 1 };
    figures.next.push(((await timed(() => runOnce(database, open, { expected: all }))) / all) * 1e6);
  }
  return figures;
}

/** One user in twenty gets the spends of another user. */
async function changeSome(database: Database, users: number): Promise<void> {
  async function* lines(): AsyncGenerator<ParsedLine> {
    for (let n = 20; n <= users; n += 20) {
      yield { good: { ...inventUser(n, 1), lineNo: n / 20, amounts: inventUser(n, 2).amounts } };
    }
  }
  await stageAndPublish(database, 'bench: one in twenty', lines(), { add: async () => {} }, () => {});
}
