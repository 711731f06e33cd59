/** The package as a library: ten cards for one user's spends, then a whole run over a database. */
import { openDatabase, recommend, runBatch } from 'cardgenius-batch';

const config = { database: 'pglite:memory', workers: 1 };

const cards = await recommend({ amazon: 50_000, flipkart: '30000.50', confirmed: 120_000 }, { config });
console.log(`${cards[0]!.cardName}: ${cards[0]!.netSavings} rupees a year`);

await using opened = await openDatabase({ config });
const outcome = await runBatch(opened, { config });
console.log(`Run ${outcome.runId} is ${outcome.state}: ${outcome.completed} completed, ${outcome.failed} failed`);
