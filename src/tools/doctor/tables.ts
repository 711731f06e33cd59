import {
  CONTRACT_COLUMNS,
  type ContractColumn,
  fits,
  LONGEST_ERROR,
  RECOMMENDATION_COLUMNS,
  USER_COLUMNS,
} from '../../model/contract.ts';
import { type Finding, ok } from './finding.ts';
import { type RemedySql, remedySql } from './remedy-sql.ts';

/** Where no server is named, as on SQL Server. */
const MSSQL = remedySql('mssql');

/** Rows of queries/<dialect>/doctor_columns.sql and doctor_target.sql. */
export interface ColumnRow {
  readonly table_schema: string;
  readonly table_name: string;
  readonly column_name: string;
  readonly data_type: string;
  readonly length: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly collation: string | null;
  /** 1 or 0, as are the next two. */
  readonly nullable: number;
  readonly has_default?: number;
  readonly generated?: number;
}
export interface TargetRow {
  readonly table_name: string;
  readonly kind: 'trigger' | 'filtered index' | 'key';
  readonly name: string;
  readonly detail: string;
}

const SPENDING = 'user_spending_data';
const CARDS = 'card_recommendations';
const TABLES = [
  [SPENDING, USER_COLUMNS],
  [CARDS, RECOMMENDATION_COLUMNS],
] as const;

/** As the PRD has it: the two columns of a key are never NULL. */
const typeOf = ({ name, type }: ContractColumn): string =>
  name === 'user_id' || name === 'rank' ? `${type} NOT NULL` : type;

const isFit = (column: ContractColumn, row: ColumnRow): boolean =>
  fits(column, { dataType: row.data_type, length: row.length }) &&
  (!/decimal|numeric/.test(row.data_type) || (row.precision ?? 0) > (row.scale ?? 0));

/** The length of VARCHAR(MAX), as SQL Server tells it. */
const UNLIMITED = -1;
/** The length of TEXT. */
const TEXT_LENGTH = 2_147_483_647;

const shown = ({ data_type, length, precision, scale }: ColumnRow): string => {
  if (length === TEXT_LENGTH || length === 1_073_741_823) return data_type;
  if (length !== null) return `${data_type}(${length === UNLIMITED ? 'max' : length})`;
  return data_type === 'decimal' || data_type === 'numeric' ? `${data_type}(${precision},${scale})` : data_type;
};

export function checkColumns(rows: readonly ColumnRow[], sql: RemedySql = MSSQL): Finding[] {
  const findings: Finding[] = [];
  for (const [table, columns] of TABLES) {
    const there = new Map(
      rows.filter(row => row.table_schema === 'dbo' && row.table_name === table).map(row => [row.column_name, row]),
    );
    if (there.size === 0) {
      const remedy = `${sql.seeColumns(table)}; or, where it does not exist, migrate`;
      findings.push({ check: `columns of ${table}`, state: 'not visible', found: 'none to be seen', remedy });
      continue;
    }
    const wrong = [
      ...columns.flatMap(column => checkColumn(sql, table, column, there.get(column.name))),
      ...checkForeign(sql, table, [...there.values()]),
    ];
    const missing = columns.filter(({ name, optional }) => optional && !there.has(name)).map(({ name }) => name);
    const count = columns.filter(({ name }) => there.has(name)).length;
    const without = missing.length === 0 ? '' : `; without the optional ${missing.join(', ')}`;
    findings.push(
      ...(wrong.length > 0 ? wrong : [ok(`columns of ${table}`, `${count} as the PRD has them${without}`)]),
    );
  }
  return [...findings, checkCollation(rows, sql)];
}

function checkColumn(sql: RemedySql, table: string, column: ContractColumn, row: ColumnRow | undefined): Finding[] {
  const { name, optional } = column;
  const type = typeOf(column);
  const check = `column ${table}.${name}`;
  if (row === undefined) {
    const remedy = sql.addColumn(table, name, type.replace(' NOT NULL', ''));
    return optional ? [] : [{ check, state: 'fail', found: 'missing', remedy }];
  }
  if (row.generated === 1) {
    const remedy = `Rename it, or make it a plain ${sql.type(type)}: cardgenius writes this column itself`;
    return [
      { check, state: 'fail', found: 'filled by the database itself (identity, computed or row version)', remedy },
    ];
  }
  if (isFit(column, row)) return narrow(sql, table, row, type);
  return [
    { check, state: 'fail', found: `${shown(row)}, not ${sql.type(type)}`, remedy: alter(sql, table, row, type) },
  ];
}

/** A column that the contract does not know, and that refuses a row without it. */
function checkForeign(sql: RemedySql, table: string, rows: readonly ColumnRow[]): Finding[] {
  const known = new Set<string>(CONTRACT_COLUMNS.filter(column => column.table === table).map(({ name }) => name));
  return rows
    .filter(row => !known.has(row.column_name) && row.nullable === 0 && row.has_default !== 1 && row.generated !== 1)
    .map(row => ({
      check: `column ${table}.${row.column_name}`,
      state: 'fail',
      found: `${shown(row)} NOT NULL without a default, and not in the contract: each INSERT would be refused`,
      remedy: `${sql.addDefault(table, row.column_name)}; or make it NULL`,
    }));
}

const alter = (sql: RemedySql, table: string, { column_name, nullable }: ColumnRow, type: string): string =>
  sql.alterColumn(table, column_name, type, nullable === 0 && !type.endsWith(' NOT NULL'));

/** A number or a text that is narrower than the PRD's refuses rows that are right; a reason of failure is only cut. */
function narrow(sql: RemedySql, table: string, row: ColumnRow, type: string): Finding[] {
  if (!isNarrower(row, type)) return [];
  const { column_name: column, length } = row;
  const isFatal = column === 'processing_status' && length !== null && length < LONGEST_STATUS.length;
  const result = isFatal
    ? `: no user becomes ${LONGEST_STATUS}`
    : column === 'processing_error'
      ? ': reasons are cut'
      : ': what is longer is refused, and the run pauses';
  return [
    {
      check: `column ${table}.${column}`,
      state: isFatal ? 'fail' : 'warn',
      found: `${shown(row)}, narrower than ${type}${result}`,
      remedy: alter(sql, table, row, type),
    },
  ];
}

const LONGEST_STATUS = 'completed';

function isNarrower({ length, precision, scale }: ColumnRow, type: string): boolean {
  const [, kind, size, decimals] = /^(VARCHAR|DECIMAL)\((\d+)(?:,(\d+))?\)$/.exec(type) ?? [];
  if (kind === 'VARCHAR') return length !== null && length !== UNLIMITED && length < Number(size);
  if (kind !== 'DECIMAL') return false;
  const whole = Number(size) - Number(decimals);
  return (scale ?? 0) < Number(decimals) || (precision ?? 0) - (scale ?? 0) < whole;
}

/** On SQL Server reasons are cut to a length that was written down once, and the column may have been altered since. */
export function checkErrorLength(written: number, rows: readonly ColumnRow[]): Finding[] {
  const column = rows.find(
    row => row.table_schema === 'dbo' && row.table_name === SPENDING && row.column_name === 'processing_error',
  );
  if (column?.length == null) return []; // it is missing or not to be seen: its own finding says so
  const length = column.length === UNLIMITED ? LONGEST_REASON : Math.min(column.length, LONGEST_REASON);
  const check = 'length of reasons';
  if (written === length) return [ok(check, `${length} characters, as processing_error takes`)];
  const isTooLong = written > length;
  return [
    {
      check,
      state: isTooLong ? 'fail' : 'warn',
      found:
        `cut at ${written} characters, and processing_error takes ${length}` +
        (isTooLong ? ': a longer reason is refused, and its run pauses' : ''),
      remedy: 'cardgenius migrate, which writes down what the column takes now',
    },
  ];
}

const LONGEST_REASON = LONGEST_ERROR;

/** Every id is compared with user_spending_data's: another type or collation is an error (468), or a scan. */
function checkCollation(rows: readonly ColumnRow[], sql: RemedySql): Finding {
  const key = rows.find(
    row => row.table_schema === 'dbo' && row.table_name === SPENDING && row.column_name === 'user_id',
  );
  const check = 'type and collation of ids';
  if (key === undefined)
    return { check, state: 'not visible', found: 'user_spending_data.user_id', remedy: 'see above' };
  const other = rows.find(
    row =>
      /^user_id/.test(row.column_name) &&
      (row.collation !== key.collation || row.data_type !== key.data_type || row.length !== key.length),
  );
  if (other === undefined)
    return ok(check, `${shown(key)}${key.collation === null ? '' : ` ${key.collation}`} everywhere`);
  const collate = key.collation === null ? '' : ` COLLATE ${key.collation}`;
  return {
    check,
    state: 'fail',
    found: `${other.table_name}.${other.column_name} is ${shown(other)} ${other.collation ?? ''}, user_spending_data.user_id ${shown(key)} ${key.collation ?? ''}`,
    remedy: `${alterOther(other, sql, `${key.data_type.toUpperCase()}(${key.length})${collate}`)} (drop its key first, and make it again)`,
  };
}

/** A table of ours has its schema's own name on both servers. */
function alterOther({ table_schema, table_name, column_name }: ColumnRow, sql: RemedySql, type: string): string {
  const text = sql.alterColumn(table_name, column_name, type, true);
  return table_schema === 'dbo' ? text : text.replace(sql.table(table_name), `${table_schema}.${table_name}`);
}

export function checkTarget(rows: readonly TargetRow[], sql: RemedySql = MSSQL): Finding[] {
  const findings = rows.flatMap(({ table_name, kind, name, detail }): Finding[] => {
    if (kind === 'trigger' && detail === 'enabled') {
      return [
        {
          check: `trigger ${name}`,
          state: 'warn',
          found: `on ${table_name}: runs within each publish, and what it throws fails users`,
          remedy: `Look at what it does; if it is not needed: ${sql.disableTrigger(table_name, name)}`,
        },
      ];
    }
    if (kind === 'filtered index') {
      const merge = table_name === CARDS ? 'MERGE has known faults with it, and ' : '';
      return [
        {
          check: `filtered index ${name}`,
          state: table_name === CARDS ? 'fail' : 'warn',
          found: `on ${table_name} WHERE ${detail}: ${merge}writers with QUOTED_IDENTIFIER OFF are refused (1934)`,
          remedy: `DROP INDEX ${name} ON dbo.${table_name}; an index without WHERE in its place`,
        },
      ];
    }
    return [];
  });
  return findings.length > 0 ? findings : [ok('triggers and filtered indexes', 'none on either table')];
}

/**
 * Without its key a table is scanned for each chunk, and may hold a user twice. A login that sees no column of a table sees no key of
 * it either: that is not visible, and no fault.
 */
export function checkKeys(
  rows: readonly TargetRow[],
  columnRows: readonly ColumnRow[],
  sql: RemedySql = MSSQL,
): Finding[] {
  return (
    [
      [SPENDING, 'user_id'],
      [CARDS, 'user_id rank'],
    ] as const
  ).map(([table, columns]) => {
    const key = rows.find(row => row.table_name === table && row.kind === 'key' && row.detail === columns);
    if (key !== undefined) return ok(`key of ${table}`, key.name);
    if (!columnRows.some(row => row.table_name === table)) {
      return { check: `key of ${table}`, state: 'not visible' as const, found: 'none to be seen', remedy: 'see above' };
    }
    return {
      check: `key of ${table}`,
      state: 'fail' as const,
      found: `no unique index on (${columns.replace(' ', ', ')})`,
      remedy: `ALTER TABLE ${sql.table(table)} ADD CONSTRAINT pk_${table} PRIMARY KEY (${columns.replace(' ', ', ')})`,
    };
  });
}

export function checkIndexedViews(rows: readonly { readonly name: string }[]): Finding {
  if (rows.length === 0) return ok('indexed views', 'none over either table that this login may see');
  const names = rows.map(row => row.name).join(', ');
  const remedy = `Drop the index of ${names}, or take its cost into account: each published row is written there as well`;
  return { check: 'indexed views', state: 'warn', found: names, remedy };
}

export function checkDuplicates(
  rows: readonly { tableName: string; id: string; number: number }[],
  sql: RemedySql = MSSQL,
): Finding {
  if (rows.length === 0) return ok('duplicates', 'each user, and each rank of a user, once');
  const [first] = rows;
  const key = first!.tableName === CARDS ? ['user_id', 'rank'] : ['user_id'];
  const remedy = `${sql.deleteDuplicates(first!.tableName, key)} (look at the rows first), then add the key`;
  const found = `${first!.tableName}: ${rows.map(({ id, number }) => `${id} x ${number}`).join(', ')}`;
  return { check: 'duplicates', state: 'fail', found, remedy };
}

/** No run looks for a user whose status is NULL or another word: that user would never be computed. */
export function checkStatuses(others: number, sql: RemedySql = MSSQL): Finding {
  const check = 'statuses';
  if (!(others > 0)) return ok(check, 'each user is new, pending, completed or failed');
  return {
    check,
    state: 'warn',
    found: `${others} users have another status or none: no run looks for them`,
    remedy:
      `Look: SELECT processing_status, COUNT(*) FROM ${sql.table(SPENDING)} GROUP BY processing_status\n` +
      `Where a run should find who has none: UPDATE ${sql.table(SPENDING)} SET processing_status = 'new' WHERE processing_status IS NULL\n` +
      `Then NOT NULL, a DEFAULT and a CHECK, as migrations/${sql === MSSQL ? 'mssql' : 'postgres'}/0002_contract_tables.sql has them`,
  };
}
