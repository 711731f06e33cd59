import type { Command } from 'commander';
import { type CommonOptions, command } from './cli.ts';

export function defineMigrate(program: Command): void {
  const definition = program
    .command('migrate')
    .summary('bring the database to this version’s schema')
    .description('Applies the migrations and procedures that the database lacks. Run again, it finds nothing to do.');
  command<CommonOptions>(definition, async cli => {
    await using opened = await cli.open({ checkSchema: false });
    const { migrate } = await import('../database/migrate/migrate.ts');
    const applied = opened.applied.concat((await migrate(opened.target)).pending.map(file => file.name));
    cli.print({ applied, database: opened.database.description }, () =>
      applied.length === 0
        ? `${opened.database.description} is up to date.`
        : `${applied.map(name => `applied ${name}`).join('\n')}\n${opened.database.description} is up to date.`,
    );
  });
}
