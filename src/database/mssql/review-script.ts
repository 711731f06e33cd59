import { markOf, OPTIONAL_COLUMNS } from '../../model/contract.ts';
import type { MigrationPlan } from '../migrate/migrate.ts';
import type { Shape } from '../migrate/shape.ts';
import { shapeRecordOf } from '../migrate/shape-rows.ts';
import type { AppliedFile } from '../migrate/target.ts';
import { recordOf, splitBatches } from './mssql-migration-target.ts';

/**
 * What `migrate --sql` writes: the pending files as one script for sqlcmd, SSMS or FreeTDS' tsql, which ends in the same state
 * as `migrate` and records the same.
 *
 * The clients go on after an error, each in its own way, so the script stops itself: after each batch it looks at @@ERROR
 * (a compile error rolls nothing back, not even with XACT_ABORT) and at @@TRANCOUNT, and on trouble rolls back, opens a
 * transaction that is never committed, and turns NOEXEC on. Where an engine does not know NOEXEC, what still runs goes away with
 * that transaction.
 *
 * `isOffline`: made without a look at the database. Then only the migrations must be those of `applied`: which procedures there are,
 * does not matter, because all are made again, and the length of processing_error is what migration 0003 found.
 */
export function reviewScript(
  plan: MigrationPlan,
  applied: ReadonlyMap<string, AppliedFile>,
  database: string,
  isOffline = false,
): string {
  const { pending, shape } = plan;
  const list = pending.map((file, i) => `--   ${String(i + 1).padStart(3)}  ${file.checksum}  ${file.path}`);
  const head = [
    `-- CardGenius Batch: ${pending.length} files for ${database}`,
    '-- Made by "cardgenius migrate --sql". Each file is one transaction; after the first error nothing more is applied.',
    '-- Run it with: sqlcmd -b -d DATABASE -i review.sql, or: tsql -H HOST -p PORT -U USER -D DATABASE < review.sql',
    '-- Prove it with: cardgenius migrate --verify',
    ...madeFor(shape),
    '-- The files, with their SHA-256 (sha256sum FILE says the same):',
    ...list,
  ].join('\n');

  const batches = [
    `${head}\n${SETTINGS}`,
    ...opening(applied, shape, isOffline),
    ...pending.flatMap(file => [
      `-- ==== ${file.path}\n-- ==== sha256 ${file.checksum}\nIF @@TRANCOUNT = 0 BEGIN TRANSACTION;`,
      ...splitBatches(file.text).flatMap(batch => [forClients(batch), GUARD]),
      `IF ${NOT_STOPPED}\nBEGIN\n${recordOf(file)}\n  COMMIT TRANSACTION;\nEND;`,
      AFTER_FILE,
    ]),
    `IF ${NOT_STOPPED}\n  ${shapeRecordOf(shape.installed, isOffline)}`,
    'SET NOEXEC OFF;',
    ending(pending.map(file => file.name)),
  ];
  return `${batches.join('\nGO\n')}\nGO\n`;
}

// An object keeps the first two as they were when it was made; MERGE into a table with an indexed view would need them.
const SETTINGS = ['SET QUOTED_IDENTIFIER ON;', 'SET ANSI_NULLS ON;', 'SET XACT_ABORT ON;', 'SET NOCOUNT ON;'].join(
  '\n',
);

const STOPPED = "OBJECT_ID(N'tempdb..#cardgenius_stopped') IS NOT NULL";
const NOT_STOPPED = "OBJECT_ID(N'tempdb..#cardgenius_stopped') IS NULL";

const STOP = `BEGIN
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  IF ${NOT_STOPPED} CREATE TABLE #cardgenius_stopped (at DATETIME);
  BEGIN TRANSACTION;
  SET NOEXEC ON;
END;`;

const GUARD = `IF @@ERROR <> 0 OR @@TRANCOUNT = 0\n${STOP}`;
const AFTER_FILE = `IF @@ERROR <> 0 OR @@TRANCOUNT > 0\n${STOP}`;

/** tsql takes a line that begins with one of its own commands for itself, a column called version among them. */
function forClients(batch: string): string {
  return batch.trim().replace(/^([ \t]*)(?=(?:bye|exit|quit|reset|version)\b)/gim, '$1/**/ ');
}

/** The right database, no other migrator at work, and the state that the script was made for. */
function opening(applied: ReadonlyMap<string, AppliedFile>, { found }: Shape, isOffline: boolean): string[] {
  const rows = [...applied].map(([name, { checksum }]) => `('${name}', '${checksum}')`);
  const counted = isOffline ? " AS m WHERE m.name NOT LIKE '%:%'" : '';
  const otherState =
    rows.length === 0
      ? "OBJECT_ID(N'cardgenius.migration') IS NOT NULL"
      : `(SELECT COUNT(*) FROM cardgenius.migration${counted}) <> ${rows.length}
OR EXISTS (SELECT made_for.name, made_for.checksum
           FROM (VALUES ${rows.join(',\n                        ')}) AS made_for (name, checksum)
           EXCEPT SELECT m.name, m.checksum FROM cardgenius.migration AS m)`;
  const check = (condition: string, message: string) =>
    `IF ${NOT_STOPPED} AND (${condition})\n  RAISERROR(N'${message}', 16, 1);`;
  return [
    check(
      "DB_NAME() IN (N'master', N'tempdb', N'model', N'msdb')",
      'this is a system database: connect to the one with user_spending_data',
    ),
    `IF @@ERROR <> 0\n${STOP}`,
    `DECLARE @locked INT;
EXEC @locked = sp_getapplock @Resource = N'cardgenius.migrate', @LockMode = 'Exclusive', @LockOwner = 'Session',
                             @LockTimeout = 30000;
IF @locked < 0
  RAISERROR(N'another migrator is at work: wait for it, and try again', 16, 1);`,
    `IF @@ERROR <> 0\n${STOP}`,
    check(
      otherState,
      'this database is not in the state that the script was made for: make it anew, with migrate --sql',
    ),
    `IF @@ERROR <> 0\n${STOP}`,
    check(
      otherColumns(found),
      'the contract tables do not have the columns that the script was made for: make it anew, with migrate --sql',
    ),
    `IF @@ERROR <> 0\n${STOP}`,
  ];
}

/** For which columns the procedures in the script were made. */
function madeFor({ found, installed }: Shape): string[] {
  const tables =
    found.length === 0 ? 'it makes both contract tables, in full' : 'the contract tables as they were found';
  const columns = installed.optionalColumns.length === 0 ? 'none' : installed.optionalColumns.join(' ');
  return [`-- Made for: ${tables}; of the optional columns: ${columns}`];
}

/** True where the tables are not as they were found: there or not, and which of the optional columns they have. */
function otherColumns(found: Shape['found']): string {
  if (found.length === 0)
    return "OBJECT_ID(N'dbo.user_spending_data') IS NOT NULL OR OBJECT_ID(N'dbo.card_recommendations') IS NOT NULL";
  const there = new Set(found.map(markOf));
  return OPTIONAL_COLUMNS.map(name => {
    const [table, column] = name.split('.');
    return `COL_LENGTH(N'dbo.${table}', N'${column}') IS ${there.has(name) ? '' : 'NOT '}NULL`;
  }).join('\n OR ');
}

function ending(names: readonly string[]): string {
  const count = names.length;
  return `IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
IF ${STOPPED}
  RAISERROR(N'STOPPED at the first error: the file it stands in, and those after it, are not applied', 16, 1);
ELSE
BEGIN
  PRINT N'done: ${count} files applied. Then run deploy/sql/grants.sql, as db_owner: what is new needs its grants';
  EXEC sp_releaseapplock @Resource = N'cardgenius.migrate', @LockOwner = 'Session';
END;`;
}
