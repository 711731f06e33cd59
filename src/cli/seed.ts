import type { Command } from 'commander';
import { type CommonOptions, command, group, wholeNumber } from './cli.ts';

interface SeedOptions extends CommonOptions {
  readonly users: number;
  readonly seed: number;
}

export function defineSeed(program: Command): void {
  const definition = program
    .command('seed')
    .description(
      'Invents a plausible population, the same for the same seed, in user_spending_data of the configured database: beside ' +
        'whoever is there.',
    )
    .option('--users <n>', 'how many', wholeNumber(1), 50_000)
    .option('--seed <n>', 'which population', wholeNumber(0), 1)
    .addHelpText('after', '\nExample: cardgenius seed --users 200000 --seed 7');
  command<SeedOptions>(definition, async (cli, _args, { users, seed }) => {
    await using opened = await cli.open({ create: true });
    const { seedSpending } = await import('../exchange/seed-spending.ts');
    const { imported, unchanged } = await seedSpending(opened.database, users, seed);
    cli.print(
      { users, seed, imported, unchanged },
      () => `${group(imported)} users are new, ${group(unchanged)} were there.`,
    );
  });
}
