/** The package as a library: ten cards for one user's spends, then users in, a whole run, and their stored cards out. */
import { importUsers, openDatabase, recommend, runBatch, storedCards } from 'cardgenius-batch';

const config = { database: 'pglite:memory', workers: 1 };

const cards = await recommend({ amazon: 50_000, flipkart: '30000.50', confirmed: 120_000 }, { config });
console.log(`${cards[0]!.cardName}: ${cards[0]!.netSavings} rupees a year`);

await using opened = await openDatabase({ config }); // closes it at the end; a program that leaves it open does not end
const users = [
  { userId: 'CK0000001', amazon: 50_000, confirmed: '62000.75' },
  { userId: 'CK0000002', grocery: -1 },
];
const { imported, rejected } = await importUsers(opened, users, { config });
console.log(`${imported} imported; ${rejected.map(({ userId, reason }) => `${userId}: ${reason}`).join('; ')}`);
const outcome = await runBatch(opened, { config });
console.log(`Run ${outcome.runId} is ${outcome.state}: ${outcome.completed} completed, ${outcome.failed} failed`);
const [first] = await storedCards(opened, 'CK0000001');
console.log(`CK0000001: ${first!.cardName}, ${first!.netSavings} rupees a year`);
