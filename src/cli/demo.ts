import type { Command } from 'commander';
import { COMMAND } from '../package.ts';
import { type CommonOptions, command, group, wholeNumber } from './cli.ts';
import { checkEngine, exitCodeOf, notePause, takePart } from './processing.ts';
import { describeOutcome } from './run.ts';

interface DemoOptions extends CommonOptions {
  readonly users: number;
}

export function defineDemo(program: Command): void {
  const definition = program
    .command('demo')
    .summary('the whole way on an embedded database: what npm start runs')
    .description(
      'Makes the database where there is none, fills it with a week’s users where it is empty, gives each of them ten cards, and ' +
        'shows that it did. It can be run again.',
    )
    .option('--users <n>', 'how many users to invent', wholeNumber(1), 50_000);
  command<DemoOptions>(definition, async (cli, _args, { users }) => {
    const say = (text: string) => {
      if (!cli.isJson) process.stdout.write(`${text}\n`);
    };
    const engine = await checkEngine(cli);
    say(`Opening ${cli.settings.databaseUrl} …`);
    await using opened = await cli.open();
    const { database } = opened;
    const before = await database.countUsers();
    if (before.new + before.pending + before.completed + before.failed === 0) {
      const { seedSpending } = await import('../exchange/seed-spending.ts');
      await seedSpending(database, users, 1);
      say(`Invented ${group(users)} users.`);
    }
    const outcome = await takePart(cli, opened, engine, 'batch', {});
    const counts = await database.countUsers();
    const sample = await database.exportRecommendations(null, 1);
    const { cardsTable, namedRow } = await import('./cards-table.ts');
    cli.print({ ...outcome, status: counts, sample: sample.map(namedRow) }, () =>
      [
        describeOutcome(outcome),
        '',
        `${group(counts.completed)} users have ten cards each: ${group(counts.recommendations)} rows, ${group(counts.failed)} failed.`,
        ...(sample.length === 0 ? [] : ['', `The ten cards of ${sample[0]!.userId}:`, '', cardsTable(sample)]),
        '',
        `Next:  ${COMMAND} status`,
        `       ${COMMAND} export recommendations.csv`,
        `       ${COMMAND} import YOUR.csv && ${COMMAND} run`,
      ].join('\n'),
    );
    await notePause(cli, database, outcome);
    cli.end(exitCodeOf(outcome, cli.settings.errorRateLimit));
  });
}
