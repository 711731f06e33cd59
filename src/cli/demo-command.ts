import type { Command } from 'commander';
import { loadEngine } from '../engine/load-engine.ts';
import { seedSpending } from '../exchange/seed-spending.ts';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { readReport, reportInShort } from '../tools/report/report.ts';
import { cardsTable, namedRow } from './cards-table.ts';
import { type CommonOptions, command, wholeNumber } from './cli.ts';
import { describeOutcome } from './run-command.ts';
import { exitCodeOf, noteFailures, notePause } from './run-end.ts';
import { runWithProgress } from './run-with-progress.ts';

interface DemoOptions extends CommonOptions {
  readonly users: number;
}

export function defineDemo(program: Command): void {
  const definition = program
    .command('demo')
    .description(
      'Creates the database if it is missing, fills it with a week’s users if it is empty, gives each of them ten cards, and ' +
        'shows that it did. It can be run again. On a server it is refused.',
    )
    .option('--users <n>', 'how many users to invent', wholeNumber(1), 50_000);
  command<DemoOptions>(definition, async (cli, _args, { users }) => {
    const say = (text: string) => {
      if (!cli.isJson) process.stdout.write(`${text}\n`);
    };
    if (!cli.settings.databaseUrl.startsWith('pglite:')) {
      throw new UsageError(
        'DEMO_EMBEDDED',
        'The demo invents users, and so is for the embedded database only; the one that is configured is a server. For its own ' +
          'users: cardgenius run, or cardgenius serve. For the demo, set CARDGENIUS_DATABASE_URL=pglite:.cardgenius/db.',
      );
    }
    const engine = await loadEngine(cli.settings);
    say(`Opening ${cli.settings.databaseUrl} …`);
    await using opened = await cli.open({ create: true });
    const { database } = opened;
    const before = await database.countUsers();
    if (before.new + before.pending + before.completed + before.failed === 0) {
      await seedSpending(database, users, 1);
      say(`Invented ${group(users)} users.`);
    }
    const outcome = await runWithProgress(cli, opened, engine, 'batch', {});
    const counts = await database.countUsers();
    const sample = await database.exportRecommendations(null, 1);
    const report = await readReport(database, opened.history);
    const { commonestFailure: _, ...told } = outcome;
    cli.print({ ...told, status: counts, sample: sample.map(namedRow) }, () =>
      [
        describeOutcome(outcome),
        '',
        `${group(counts.completed)} users have ten cards each, ${group(counts.failed)} failed.`,
        ...reportInShort(report),
        ...(sample.length === 0 ? [] : ['', `The ten cards of ${sample[0]!.userId}:`, '', cardsTable(sample)]),
        '',
        'Next:  cardgenius report',
        `       cardgenius recommend CK0000001${cli.settings.enginePath === undefined ? ' --explain' : ''}`,
        '       cardgenius export recommendations.csv',
        '',
        'Your own users, in a database of their own:',
        '',
        '       export CARDGENIUS_DATABASE_URL=pglite:.cardgenius/mine',
        '       cardgenius import YOUR.csv && cardgenius run',
      ].join('\n'),
    );
    await notePause(cli, database, outcome);
    const exitCode = exitCodeOf(outcome, cli.settings.errorRateLimit);
    noteFailures(cli, exitCode);
    cli.end(exitCode);
  });
}
