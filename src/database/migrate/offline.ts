/** What `migrate --sql --offline` plans for: a database that no login opens, as its operator describes it. */

import { CONTRACT_COLUMNS, type FoundColumn, markOf, OPTIONAL_COLUMNS } from '../../model/contract.ts';
import { UsageError } from '../../model/errors.ts';
import { readSqlFiles } from './sql-files.ts';
import type { AppliedFiles } from './target.ts';

/** The last migration of each release. Released migrations are never edited, so with it all of them are known. */
export const RELEASES: Readonly<Record<string, string>> = {
  '0.1.0': '0008_redo_and_gates',
  '0.2.0': '0008_redo_and_gates',
  '0.3.0': '0013_checked_chunks',
  '0.4.0': '0016_alert_teller',
  '0.5.0': '0016_alert_teller',
};

export interface OfflineChoice {
  /** The release that migrated the database last; undefined: none did. */
  readonly from: string | undefined;
  /** `none`: the script makes both contract tables; `fifteen`, `full`, or the optional columns that are there: `table.column …`. */
  readonly tables: string;
}

/** Throws OFFLINE_FROM and OFFLINE_TABLES for what is no release, and no description of tables. */
export async function offlineTarget({ from, tables }: OfflineChoice): Promise<AppliedFiles> {
  const last = from === undefined ? undefined : RELEASES[from];
  if (from !== undefined && last === undefined) {
    throw new UsageError('OFFLINE_FROM', `${from} is no release. There are: ${Object.keys(RELEASES).join(', ')}.`);
  }
  const found = columnsOf(tables);
  if (last !== undefined && found.length === 0) {
    throw new UsageError(
      'OFFLINE_TABLES',
      'With --from the contract tables are there: give --tables fifteen, full or a list.',
    );
  }
  const files = await readSqlFiles('mssql');
  const applied = files.filter(({ name, kind }) => kind === 'migration' && last !== undefined && name <= last);
  return {
    dialect: 'mssql',
    appliedFiles: async () => new Map(applied.map(({ name, checksum, breaking }) => [name, { checksum, breaking }])),
    contractColumns: async () => found,
    installedShape: async () => undefined,
  };
}

function columnsOf(tables: string): FoundColumn[] {
  if (tables === 'none') return [];
  const listed = tables.split(/[\s,]+/).filter(name => name !== '');
  const optional = tables === 'full' ? OPTIONAL_COLUMNS : tables === 'fifteen' ? [] : listed;
  const unknown = optional.filter(name => !OPTIONAL_COLUMNS.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      'OFFLINE_TABLES',
      `--tables is none, fifteen, full or a list of ${OPTIONAL_COLUMNS.join(', ')}; ${unknown[0]} is not among them.`,
    );
  }
  // processing_error is left out: migration 0003 looks at its length where it is there, and adds it where it is not.
  return CONTRACT_COLUMNS.filter(column =>
    column.optional ? optional.includes(markOf(column)) : column.name !== 'processing_error',
  ).map(({ table, name, type }) => {
    const [, dataType, length] = /^(\w+?)(?:\((\d+).*)?$/.exec(type.toLowerCase())!;
    const characters = dataType === 'varchar' ? Number(length) : null;
    return {
      table,
      name,
      dataType: dataType!,
      length: characters,
      nullable: true,
      hasDefault: false,
      generated: false,
    };
  });
}
