import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import {
  type MigrateOptions as MigrateChoice,
  migrate,
  NOTHING_APPLIED,
  planMigration,
} from '../database/migrate/migrate.ts';
import { offlineTarget } from '../database/migrate/offline.ts';
import { repairSchema } from '../database/migrate/repair.ts';
import type { AppliedFiles } from '../database/migrate/target.ts';
import { verifySchema } from '../database/migrate/verify.ts';
import { reviewScript } from '../database/mssql/review-script.ts';
import { reviewScript as postgresReviewScript } from '../database/postgres/postgres-review-script.ts';
import { EXIT, UsageError } from '../model/errors.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface MigrateOptions extends CommonOptions {
  readonly plan?: boolean;
  readonly sql?: boolean;
  readonly verify?: boolean;
  readonly addContractColumns?: boolean;
  readonly offline?: boolean;
  readonly from?: string;
  readonly tables?: string;
  readonly repair?: boolean;
  readonly yes?: boolean;
}

export function defineMigrate(program: Command): void {
  const definition = program
    .command('migrate')
    .description('Applies the migrations and procedures that the database lacks. Run again, it finds nothing to do.')
    .option('--plan', 'what would be applied, in order, with checksums; applies nothing')
    .option('--sql', 'write the same as one script to stdout, for review and for sqlcmd, tsql or psql; applies nothing')
    .option(
      '--verify',
      'what differs from the files: checksums, and the live procedures and views; exit code 1 where any does',
    )
    .option(
      '--repair',
      'which procedures and views were altered or dropped, and the lines that differ; with --yes, puts them back as reviewed',
    )
    .option('--yes', 'with --repair: do it')
    .option('--offline', 'with --sql: for SQL Server, without a login; says its SHA-256 on stderr')
    .option('--from <version>', 'with --offline: the release that migrated the database last (default: none did)')
    .option(
      '--tables <which>',
      'with --offline: the contract tables that are there: none, fifteen, full, or the optional columns, as "table.column …" (default: none)',
    )
    .option(
      '--add-contract-columns',
      'also add the optional columns that the two contract tables lack: nullable, no default; with --plan or --sql, only show it',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius migrate --plan\n  cardgenius migrate --sql > review.sql\n  cardgenius migrate --verify\n' +
        '  cardgenius migrate --repair --yes\n  cardgenius migrate --sql --offline --from 0.2.0 --tables fifteen > review.sql',
    );
  command<MigrateOptions>(definition, async (cli, _args, given) => {
    const { plan, sql, verify, addContractColumns, offline, from, tables, repair, yes } = given;
    if ([plan, sql, verify, repair].filter(Boolean).length > 1) {
      throw new UsageError('MIGRATE_OPTIONS', 'Give one of --plan, --sql, --verify and --repair.');
    }
    if (offline ? !sql : (from ?? tables) !== undefined) {
      throw new UsageError('MIGRATE_OPTIONS', '--offline goes with --sql, and --from and --tables with --offline.');
    }
    if (yes && !repair) throw new UsageError('MIGRATE_OPTIONS', '--yes goes with --repair.');
    if ((verify || repair) && addContractColumns) {
      throw new UsageError(
        'MIGRATE_OPTIONS',
        '--add-contract-columns changes tables, and --verify and --repair do not: give one.',
      );
    }
    const options = { addContractColumns };
    if (offline) return writeOfflineScript(cli, from, tables ?? 'none', options);
    if (repair) return repairObjects(cli, yes === true);
    if (plan) return showPlan(cli, options);
    if (sql) return writeScript(cli, options);
    if (verify) return showDrift(cli);
    return apply(cli, options);
  });
}

/** Tells a DBA the effects of altering a table of CashKaro's. */
const MAY_BREAK = `--add-contract-columns adds nullable columns without a default to dbo.user_spending_data and dbo.card_recommendations.
It may break: INSERT without a column list, files for BCP, change data capture (its instance keeps the old columns), replication.
It waits at most three seconds for its lock, and gives up otherwise (1222): run it again in a quiet moment.
The next run writes each row of the users that it processes once more, because card_id is NULL there.`;

const THEN_GRANTS =
  'What is new needs its grants: run deploy/sql/grants.sql, as db_owner (it may be repeated). serve does not start without them.';

async function apply(cli: Cli, options: MigrateChoice): Promise<void> {
  if (options.addContractColumns) console.error(MAY_BREAK);
  await using opened = await cli.open({ create: true, checkSchema: false });
  const applied = opened.applied.concat((await migrate(opened.target, options)).pending.map(file => file.name));
  cli.print({ applied, database: opened.database.description }, () =>
    applied.length === 0
      ? `${opened.database.description} is up to date.`
      : `${applied.map(name => `applied ${name}`).join('\n')}\n${opened.database.description} is up to date.`,
  );
  if (opened.target.dialect === 'mssql' && applied.length > 0) cli.note(THEN_GRANTS);
}

async function showPlan(cli: Cli, options: MigrateChoice): Promise<void> {
  if (cli.isDatabaseMissing) {
    return printPlan(cli, NOTHING_APPLIED, cli.settings.databaseUrl, options);
  }
  await using opened = await cli.open({ checkSchema: false, migrate: false, light: true });
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
  if (/^pglite:/i.test(cli.settings.databaseUrl.trim())) {
    throw new UsageError(
      'MIGRATE_SQL',
      'migrate --sql is for a server; the embedded engine migrates itself as it is opened. Set CARDGENIUS_DATABASE_URL=mssql://… or postgres://….',
    );
  }
  await using opened = await cli.open({ checkSchema: false, migrate: false, light: true });
  const plan = await planMigration(opened.target, options);
  const write = opened.target.dialect === 'mssql' ? reviewScript : postgresReviewScript;
  const script = write(plan, await opened.target.appliedFiles(), opened.database.description);
  cli.printExactly({ database: opened.database.description, files: plan.pending.map(file => file.name), script }, () =>
    script.trimEnd(),
  );
}

/** For a database that this machine cannot reach: the script looks itself whether it is the one that it was made for. */
async function writeOfflineScript(cli: Cli, from: string | undefined, tables: string, options: MigrateChoice) {
  const target = await offlineTarget({ from, tables });
  const plan = await planMigration(target, options);
  const made = from === undefined ? 'a database without schema cardgenius' : `a database of release ${from}`;
  const script = reviewScript(plan, await target.appliedFiles(), made, true).trimEnd();
  const sha256 = createHash('sha256').update(`${script}\n`).digest('hex');
  cli.printExactly(
    { from: from ?? null, tables, files: plan.pending.map(file => file.name), sha256, script },
    () => script,
  );
  cli.note(`For ${made}: ${plan.pending.length} files, SHA-256 of the script ${sha256}`);
}

/** Without `yes` it only shows what it would do, as --verify does, and with the lines. */
async function repairObjects(cli: Cli, yes: boolean): Promise<void> {
  await using opened = await cli.open({ checkSchema: false, migrate: false, light: true });
  const { repairable, left } = await repairSchema(opened.target, yes);
  const { description } = opened.database;
  const regrant = repairable.some(({ problem }) => problem === 'dropped');
  cli.print({ database: description, repaired: yes, objects: repairable, left }, () =>
    [
      ...repairable.flatMap(({ what, problem, detail, lines }) => [`${what}: ${problem}, ${detail}`, ...(lines ?? [])]),
      ...left.map(({ what, problem, detail }) => `${what}: ${problem}, ${detail}; --repair leaves it`),
      repairable.length === 0
        ? `${description}: no procedure, function or view of ours is altered or dropped.`
        : yes
          ? `${description}: ${repairable.length} put back as reviewed.${regrant ? ' What was dropped has lost its grants: run grants.sql again.' : ''}`
          : `${description}: ${repairable.length} would be put back. To do it: cardgenius migrate --repair --yes`,
    ].join('\n'),
  );
  if (left.length > 0 || (repairable.length > 0 && !yes)) cli.end(EXIT.failed);
}

async function showDrift(cli: Cli): Promise<void> {
  await using opened = await cli.open({ checkSchema: false, migrate: false, light: true });
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
