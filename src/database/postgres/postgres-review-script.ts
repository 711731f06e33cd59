import { markOf, OPTIONAL_COLUMNS } from '../../model/contract.ts';
import type { MigrationPlan } from '../migrate/migrate.ts';
import type { Shape } from '../migrate/shape.ts';
import { shapeRecordOf } from '../migrate/shape-rows.ts';
import type { AppliedFile } from '../migrate/target.ts';
import { statementsOf } from './postgres-migration-target.ts';

/**
 * What `migrate --sql` writes for a PostgreSQL server: the pending files as one script for psql, in one transaction. It ends in the same state as
 * `migrate` and records the same, or changes nothing.
 */
export function reviewScript(plan: MigrationPlan, applied: ReadonlyMap<string, AppliedFile>, database: string): string {
  const { pending, shape } = plan;
  const columns = shape.installed.optionalColumns.join(' ') || 'none';
  return `${[
    [
      `-- CardGenius Batch: ${pending.length} files for ${database}`,
      '-- Made by "cardgenius migrate --sql". One transaction: all of it is applied, or nothing.',
      '-- Run it with: psql -f review.sql DATABASE',
      '-- Prove it with: cardgenius migrate --verify',
      `-- Made for: ${shape.found.length === 0 ? 'it makes both contract tables, in full' : 'the contract tables as they were found'}; of the optional columns: ${columns}`,
      '-- The files, with their SHA-256 (sha256sum FILE says the same of a file without marks):',
      ...pending.map((file, i) => `--   ${String(i + 1).padStart(3)}  ${file.checksum}  ${file.path}`),
    ].join('\n'),
    '\\set ON_ERROR_STOP on\nBEGIN;\nSET LOCAL client_min_messages = warning;',
    "SELECT pg_advisory_xact_lock(hashtext('cardgenius.migrate')) \\g /dev/null",
    refuseOtherState(applied, shape),
    ...pending.map(
      file => `-- ==== ${file.path}\n-- ==== sha256 ${file.checksum}\n${statementsOf(file).map(forPsql).join('\n')}`,
    ),
    `${shapeRecordOf(shape.installed)}\nCOMMIT;\n\\echo done: ${pending.length} files applied`,
  ].join('\n\n')}\n`;
}

/** An answer of set_config is nothing to show. */
const forPsql = (statement: string): string =>
  statement.startsWith('SELECT set_config') ? statement.replace(/;$/, ' \\g /dev/null') : statement.trim();

/** The script is for one state of one database: what was applied, and the columns of the contract tables. */
function refuseOtherState(applied: ReadonlyMap<string, AppliedFile>, { found }: Shape): string {
  const rows = [...applied].map(([name, { checksum }]) => `('${name}', '${checksum}')`);
  const there = found.map(markOf).filter(name => OPTIONAL_COLUMNS.includes(name));
  const isMigrated =
    rows.length === 0
      ? "to_regclass('cardgenius.migration') IS NULL"
      : `(SELECT COUNT(*) FROM cardgenius.migration) = ${rows.length}
      AND NOT EXISTS (VALUES ${rows.join(',\n        ')}
                      EXCEPT SELECT m.name::TEXT, m.checksum::TEXT FROM cardgenius.migration AS m)`;
  const optional = OPTIONAL_COLUMNS.map(name => `'${name}'`).join(', ');
  const hasColumns =
    found.length === 0
      ? "to_regclass('public.user_spending_data') IS NULL AND to_regclass('public.card_recommendations') IS NULL"
      : `ARRAY(SELECT c.relname || '.' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
              AND c.relname || '.' || a.attname IN (${optional}) ORDER BY (c.relname || '.' || a.attname) COLLATE "C")
      = ARRAY[${[...there]
        .sort()
        .map(name => `'${name}'`)
        .join(', ')}]::TEXT[]`;
  return `DO $check$
BEGIN
  IF NOT (${isMigrated}) THEN
    RAISE EXCEPTION 'this database is not in the state that the script was made for: make it anew, with migrate --sql';
  END IF;
  IF NOT (${hasColumns}) THEN
    RAISE EXCEPTION 'the contract tables do not have the columns that the script was made for: make it anew, with migrate --sql';
  END IF;
END $check$;`;
}
