import type { Command } from 'commander';
import {
  type AppliedFiles,
  type MigrateOptions as MigrateChoice,
  migrate,
  NOTHING_APPLIED,
  planMigration,
} from '../database/migrate/migrate.ts';
import { verifySchema } from '../database/migrate/verify.ts';
import { reviewScript } from '../database/mssql/review-script.ts';
import { EXIT, UsageError } from '../model/errors.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface MigrateOptions extends CommonOptions {
  readonly plan?: boolean;
  readonly sql?: boolean;
  readonly verify?: boolean;
  readonly addContractColumns?: boolean;
}

export function defineMigrate(program: Command): void {
  const definition = program
    .command('migrate')
    .description('Applies the migrations and procedures that the database lacks. Run again, it finds nothing to do.')
    .option('--plan', 'what would be applied, in order, with checksums; applies nothing')
    .option('--sql', 'write the same as one T-SQL script to stdout, for review and for sqlcmd or tsql; applies nothing')
    .option(
      '--verify',
      'what differs from the files: checksums, and the live procedures and views; exit code 1 where any does',
    )
    .option(
      '--add-contract-columns',
      'also add the optional columns that the two contract tables lack: nullable, no default; with --plan or --sql, only show it',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius migrate --plan\n  cardgenius migrate --sql > review.sql\n  cardgenius migrate --verify',
    );
  command<MigrateOptions>(definition, async (cli, _args, { plan, sql, verify, addContractColumns }) => {
    if ([plan, sql, verify].filter(Boolean).length > 1) {
      throw new UsageError('MIGRATE_OPTIONS', 'Give one of --plan, --sql and --verify.');
    }
    if (verify && addContractColumns) {
      throw new UsageError(
        'MIGRATE_OPTIONS',
        '--add-contract-columns changes tables, and --verify only looks: give one.',
      );
    }
    const options = { addContractColumns };
    if (plan) return showPlan(cli, options);
    if (sql) return writeScript(cli, options);
    if (verify) return showDrift(cli);
    return apply(cli, options);
  });
}

/** What a DBA should know before a table of CashKaro's is altered. */
const MAY_BREAK = `--add-contract-columns adds nullable columns without a default to dbo.user_spending_data and dbo.card_recommendations.
It may break: INSERT without a column list, files for BCP, change data capture (its instance keeps the old columns), replication.
It waits at most three seconds for its lock, and gives up otherwise (1222): run it again in a quiet moment.
The next run writes each row of the users that it processes once more, because card_id is NULL there.`;

async function apply(cli: Cli, options: MigrateChoice): Promise<void> {
  if (options.addContractColumns) console.error(MAY_BREAK);
  await using opened = await cli.open({ create: true, checkSchema: false });
  const applied = opened.applied.concat((await migrate(opened.target, options)).pending.map(file => file.name));
  cli.print({ applied, database: opened.database.description }, () =>
    applied.length === 0
      ? `${opened.database.description} is up to date.`
      : `${applied.map(name => `applied ${name}`).join('\n')}\n${opened.database.description} is up to date.`,
  );
}

async function showPlan(cli: Cli, options: MigrateChoice): Promise<void> {
  if (cli.isDatabaseMissing) {
    return printPlan(cli, NOTHING_APPLIED, cli.settings.databaseUrl, options);
  }
  await using opened = await cli.open({ checkSchema: false, migrate: false });
  await printPlan(cli, opened.target, opened.database.description, options);
}

async function printPlan(cli: Cli, target: AppliedFiles, description: string, options: MigrateChoice): Promise<void> {
  const applied = await target.appliedFiles();
  const { pending, upToDate } = await planMigration(target, options);
  const files = pending.map(({ name, path, checksum, breaking }) => ({
    name,
    path,
    checksum,
    breaking,
    why: applied.has(name) ? 'changed' : 'new',
  }));
  cli.print({ database: description, pending: files, upToDate }, () =>
    files.length === 0
      ? `${description} is up to date: ${upToDate} files.`
      : [
          textTable(
            ['#', 'sha256', 'why', 'file'],
            files.map((file, i) => [`${i + 1}`, file.checksum, file.why, file.path]),
          ),
          `\n${description}: ${files.length} files would be applied, ${upToDate} are up to date. Nothing was applied.`,
        ].join('\n'),
  );
}

async function writeScript(cli: Cli, options: MigrateChoice): Promise<void> {
  if (/^(pglite|postgres(ql)?):/i.test(cli.settings.databaseUrl)) {
    throw new UsageError(
      'MIGRATE_SQL',
      'migrate --sql writes T-SQL for SQL Server; the embedded engine migrates itself as it is opened, and a PostgreSQL server is migrated by cardgenius migrate. Set CARDGENIUS_DATABASE_URL=mssql://….',
    );
  }
  await using opened = await cli.open({ checkSchema: false, migrate: false });
  const plan = await planMigration(opened.target, options);
  const script = reviewScript(plan, await opened.target.appliedFiles(), opened.database.description);
  cli.printExactly({ database: opened.database.description, files: plan.pending.map(file => file.name), script }, () =>
    script.trimEnd(),
  );
}

async function showDrift(cli: Cli): Promise<void> {
  await using opened = await cli.open({ checkSchema: false, migrate: false });
  const { files, compared, drift } = await verifySchema(opened.target);
  const { description } = opened.database;
  cli.print({ database: description, files, compared, drift }, () =>
    drift.length === 0
      ? `${description} is as reviewed: ${files} files with their checksums, ${compared} live texts compared.`
      : [
          textTable(
            ['what', 'problem', 'detail'],
            drift.map(({ what, problem, detail }) => [what, problem, detail]),
          ),
          `\n${description}: ${drift.length} differ, of ${files} files and ${compared} live texts.`,
        ].join('\n'),
  );
  if (drift.length > 0) cli.end(EXIT.failed);
}
