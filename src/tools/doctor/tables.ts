import { type Finding, ok } from './finding.ts';

/** Rows of queries/<engine>/doctor_columns.sql and doctor_target.sql. */
export interface ColumnRow {
  readonly table_schema: string;
  readonly table_name: string;
  readonly column_name: string;
  readonly data_type: string;
  readonly length: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly collation: string | null;
  /** 1 or 0. */
  readonly nullable: number;
}
export interface TargetRow {
  readonly table_name: string;
  readonly kind: 'trigger' | 'filtered index' | 'key';
  readonly name: string;
  readonly detail: string;
}

const SPENDING = 'user_spending_data';
const CARDS = 'card_recommendations';
const MONEY = ['decimal', 'DECIMAL(12,2)'] as const;
const text = (length: number) => ['text', `VARCHAR(${length})`] as const;

/** The PRD's columns, and processing_error: what kind of type each must be, and the type as the PRD has it. */
const CONTRACT: Readonly<Record<string, Readonly<Record<string, readonly [kind: string, type: string]>>>> = {
  [SPENDING]: {
    user_id: ['id', 'VARCHAR(50) NOT NULL'],
    avg_amazon_gmv: MONEY,
    avg_flipkart_gmv: MONEY,
    avg_myntra_gmv: MONEY,
    avg_ajio_gmv: MONEY,
    avg_grocery_gmv: MONEY,
    avg_confirmed_gmv: MONEY,
    processing_status: text(20),
    processing_error: text(400),
  },
  [CARDS]: {
    user_id: ['id', 'VARCHAR(50) NOT NULL'],
    rank: ['integer', 'TINYINT NOT NULL'],
    card_name: text(200),
    total_savings_yearly: MONEY,
    joining_fees: MONEY,
    total_extra_benefits: MONEY,
    net_savings: MONEY,
    amazon_points: MONEY,
    flipkart_points: MONEY,
    myntra_points: MONEY,
    ajio_points: MONEY,
    grocery_points: MONEY,
    other_online_points: MONEY,
    redemption_method: text(50),
    redemption_rate: ['decimal', 'DECIMAL(5,4)'],
  },
};

const KINDS: Readonly<Record<string, (row: ColumnRow) => boolean>> = {
  id: ({ data_type, length }) => /^(var)?char$/.test(data_type) && length !== null && length >= 1 && length <= 50,
  text: ({ data_type }) => /^n?(var)?char$/.test(data_type),
  integer: ({ data_type }) => /^(tinyint|smallint|int)$/.test(data_type),
  decimal: ({ data_type, precision, scale }) =>
    /^(decimal|numeric)$/.test(data_type) && (precision ?? 0) > (scale ?? 0),
};

/** The length of VARCHAR(MAX), as SQL Server tells it. */
const UNLIMITED = -1;

const shown = ({ data_type, length, precision, scale }: ColumnRow): string => {
  if (length !== null) return `${data_type}(${length === UNLIMITED ? 'max' : length})`;
  return data_type === 'decimal' || data_type === 'numeric' ? `${data_type}(${precision},${scale})` : data_type;
};

export function checkColumns(rows: readonly ColumnRow[]): Finding[] {
  const findings: Finding[] = [];
  for (const [table, columns] of Object.entries(CONTRACT)) {
    const there = new Map(
      rows.filter(row => row.table_schema === 'dbo' && row.table_name === table).map(row => [row.column_name, row]),
    );
    if (there.size === 0) {
      const remedy = `GRANT VIEW DEFINITION ON OBJECT::dbo.${table} TO cardgenius_reader; or, where it does not exist, migrate`;
      findings.push({ check: `columns of ${table}`, state: 'not visible', found: 'none to be seen', remedy });
      continue;
    }
    const wrong = Object.entries(columns).flatMap(([name, [kind, type]]): Finding[] => {
      const row = there.get(name);
      if (row === undefined) {
        const remedy = `ALTER TABLE dbo.${table} ADD ${name} ${type.replace(' NOT NULL', '')} NULL`;
        return [{ check: `column ${table}.${name}`, state: 'fail', found: 'missing', remedy }];
      }
      if (KINDS[kind]!(row)) return narrow(table, row, type);
      const remedy = alter(table, row, type);
      return [{ check: `column ${table}.${name}`, state: 'fail', found: `${shown(row)}, not ${type}`, remedy }];
    });
    findings.push(
      ...(wrong.length > 0 ? wrong : [ok(`columns of ${table}`, `${Object.keys(columns).length} as the PRD has them`)]),
    );
  }
  return [...findings, checkCollation(rows)];
}

/** ALTER COLUMN takes NOT NULL away where it does not say it. */
function alter(table: string, { column_name, nullable }: ColumnRow, type: string): string {
  const notNull = nullable === 0 && !type.endsWith(' NOT NULL') ? ' NOT NULL' : '';
  return `ALTER TABLE dbo.${table} ALTER COLUMN ${column_name} ${type}${notNull}`;
}

/** A number or a text that is narrower than the PRD's refuses rows that are right; a reason of failure is only cut. */
function narrow(table: string, row: ColumnRow, type: string): Finding[] {
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
      remedy: alter(table, row, type),
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
      remedy: `UPDATE cardgenius.contract_shape SET error_length = ${length}`,
    },
  ];
}

/** As migration 0003 has it. */
const LONGEST_REASON = 4_000;

/** Every id is compared with user_spending_data's: another type or collation is an error (468), or a scan. */
function checkCollation(rows: readonly ColumnRow[]): Finding {
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
    remedy:
      `ALTER TABLE ${other.table_schema}.${other.table_name} ALTER COLUMN ${other.column_name} ` +
      `${key.data_type.toUpperCase()}(${key.length})${collate} NOT NULL (drop its key first, and make it again)`,
  };
}

export function checkTarget(rows: readonly TargetRow[]): Finding[] {
  const findings = rows.flatMap(({ table_name, kind, name, detail }): Finding[] => {
    if (kind === 'trigger' && detail === 'enabled') {
      return [
        {
          check: `trigger ${name}`,
          state: 'warn',
          found: `on ${table_name}: runs within each publish, and what it throws fails users`,
          remedy: `Look at what it does; where nobody needs it: DISABLE TRIGGER dbo.${name} ON dbo.${table_name}`,
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
export function checkKeys(rows: readonly TargetRow[], columnRows: readonly ColumnRow[]): Finding[] {
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
      remedy: `ALTER TABLE dbo.${table} ADD CONSTRAINT pk_${table} PRIMARY KEY (${columns.replace(' ', ', ')})`,
    };
  });
}

export function checkIndexedViews(rows: readonly { readonly name: string }[]): Finding {
  if (rows.length === 0) return ok('indexed views', 'none over either table that this login may see');
  const names = rows.map(row => row.name).join(', ');
  const remedy = `Drop the index of ${names}, or take its cost into account: each published row is written there as well`;
  return { check: 'indexed views', state: 'warn', found: names, remedy };
}

export function checkDuplicates(rows: readonly { tableName: string; id: string; number: number }[]): Finding {
  if (rows.length === 0) return ok('duplicates', 'each user, and each rank of a user, once');
  const [first] = rows;
  const remedy =
    `WITH d AS (SELECT ROW_NUMBER() OVER (PARTITION BY user_id${first!.tableName === CARDS ? ', rank' : ''} ORDER BY user_id) AS n ` +
    `FROM dbo.${first!.tableName}) DELETE FROM d WHERE n > 1 (look at the rows first), then add the key`;
  const found = `${first!.tableName}: ${rows.map(({ id, number }) => `${id} x ${number}`).join(', ')}`;
  return { check: 'duplicates', state: 'fail', found, remedy };
}

/** No run looks for a user whose status is NULL or another word: nobody would ever compute that user. */
export function checkStatuses(others: number): Finding {
  const check = 'statuses';
  if (!(others > 0)) return ok(check, 'each user is new, pending, completed or failed');
  return {
    check,
    state: 'warn',
    found: `${others} users have another status or none: no run looks for them`,
    remedy:
      `Look: SELECT processing_status, COUNT(*) FROM dbo.${SPENDING} GROUP BY processing_status\n` +
      `Where a run should find who has none: UPDATE dbo.${SPENDING} SET processing_status = 'new' WHERE processing_status IS NULL\n` +
      'Then NOT NULL, a DEFAULT and a CHECK, as migrations/mssql/0002_contract_tables.sql has them',
  };
}
