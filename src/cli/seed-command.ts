import type { Command } from 'commander';
import { describeDatabase } from '../database/open-database.ts';
import { seedSpending } from '../exchange/seed-spending.ts';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command, wholeNumber } from './cli.ts';
import { shellUser } from './shell-user.ts';

interface SeedOptions extends CommonOptions {
  readonly users: number;
  readonly seed: number;
  readonly yesInventUsersHere?: boolean;
}

export function defineSeed(program: Command): void {
  const definition = program
    .command('seed')
    .description(
      'Invents a plausible population, the same for the same seed, in user_spending_data of the configured database. Existing ' +
        'users stay as they are. On a server it asks for --yes-invent-users-here: invented users are computed and exported like others.',
    )
    .option('--users <n>', 'how many', wholeNumber(1), 50_000)
    .option('--seed <n>', 'which population', wholeNumber(0), 1)
    .option('--yes-invent-users-here', 'do it on a server, too')
    .addHelpText('after', '\nExample: cardgenius seed --users 200000 --seed 7');
  command<SeedOptions>(definition, async (cli, _args, { users, seed, yesInventUsersHere }) => {
    if (!cli.settings.databaseUrl.startsWith('pglite:') && yesInventUsersHere !== true) {
      throw new UsageError(
        'SEED_ON_SERVER',
        `${await describeDatabase(cli.settings.databaseUrl)} is a server, and its users may be real. To invent ${group(users)} users ` +
          'there all the same, say --yes-invent-users-here; else unset CARDGENIUS_DATABASE_URL.',
      );
    }
    await using opened = await cli.open({ create: true });
    const { imported, unchanged } = await seedSpending(opened.database, users, seed, undefined, shellUser());
    cli.print(
      { users, seed, imported, unchanged },
      () => `${group(imported)} users are new; ${group(unchanged)} ids were there, and stayed as they are.`,
    );
  });
}
