/** CashKaro's tables as another program may have made them, in the dialect's own types. */
import { RECOMMENDATION_COLUMNS, USER_COLUMNS } from '../../src/model/contract.ts';

export type Dialect = 'mssql' | 'postgres';

export interface TableVariant {
  /** Of the optional columns, by name without the table: which there are. */
  readonly optional: (table: string, name: string) => boolean;
  /** The type of a column in place of the PRD's; undefined: the PRD's. */
  readonly type?: (dialect: Dialect, table: string, name: string) => string | undefined;
  /** An identity of their own as the key, beside UNIQUE (user_id, rank). */
  readonly hasOwnKey?: boolean;
  /** A foreign key to the users, with cascade. */
  readonly hasForeignKey?: boolean;
  /** Columns that the contract does not know. */
  readonly extra?: readonly string[];
}

export const FIFTEEN: TableVariant = { optional: () => false };
export const FULL: TableVariant = { optional: () => true };

export const VARIANTS: Readonly<Record<string, TableVariant>> = {
  'the fifteen columns alone': FIFTEEN,
  'all columns': FULL,
  'some of the columns': { optional: (_table, name) => ['card_id', 'batch_id', 'last_processed_at'].includes(name) },
  'times without batch_id': { optional: (_table, name) => ['processed_at', 'updated_at'].includes(name) },
  'an identity key, a foreign key with cascade, TEXT, and columns of their own': {
    optional: () => true,
    hasOwnKey: true,
    hasForeignKey: true,
    type: (dialect, _table, name) =>
      name === 'processing_error'
        ? 'TEXT'
        : name.endsWith('_at')
          ? dialect === 'mssql'
            ? 'DATETIME'
            : 'TIMESTAMP(0)'
          : undefined,
    extra: ["campaign VARCHAR(20) NOT NULL DEFAULT 'none'", 'remark VARCHAR(100) NULL'],
  },
  'NVARCHAR texts and other types of time': {
    optional: () => true,
    type: (dialect, table, name) => {
      if (name === 'processing_error') return dialect === 'mssql' ? 'NVARCHAR(300)' : 'VARCHAR(300)';
      if (name === 'card_name' || name === 'card_id') return dialect === 'mssql' ? 'NVARCHAR(200)' : 'TEXT';
      if (!name.endsWith('_at')) return undefined;
      if (dialect === 'postgres') return 'TIMESTAMP';
      return table === 'user_spending_data' ? 'SMALLDATETIME' : 'DATETIMEOFFSET(3)';
    },
  },
};

/** CREATE TABLE of both, as one statement each. */
export function createTables(dialect: Dialect, variant: TableVariant): string[] {
  const schema = dialect === 'mssql' ? 'dbo' : 'public';
  const prdType = (type: string) =>
    dialect === 'mssql' ? type : type.replace('DATETIME2(3)', 'TIMESTAMPTZ').replace('TINYINT', 'SMALLINT');
  const identity = dialect === 'mssql' ? 'BIGINT IDENTITY(1, 1)' : 'BIGINT GENERATED ALWAYS AS IDENTITY';
  const lines = (columns: typeof USER_COLUMNS) =>
    columns
      .filter(column => !column.optional || variant.optional(column.table, column.name))
      .map(({ table, name, type, optional, from, kind }) => {
        const written = variant.type?.(dialect, table, name) ?? prdType(type);
        const isNull =
          optional ||
          name === 'processing_error' ||
          (table === 'user_spending_data' && kind === 'money' && from === 'user');
        return `${name} ${written} ${isNull ? 'NULL' : 'NOT NULL'}${name === 'processing_status' ? " DEFAULT 'new'" : ''}`;
      });
  const key = variant.hasOwnKey
    ? [`id ${identity} PRIMARY KEY`, 'UNIQUE (user_id, rank)']
    : ['PRIMARY KEY (user_id, rank)'];
  const foreign = variant.hasForeignKey
    ? [`FOREIGN KEY (user_id) REFERENCES ${schema}.user_spending_data (user_id) ON DELETE CASCADE`]
    : [];
  const extra = variant.extra ?? [];
  const statuses =
    "CONSTRAINT ck_user_spending_data_status CHECK (processing_status IN ('new', 'pending', 'completed', 'failed'))";
  return [
    `CREATE TABLE ${schema}.user_spending_data (${[...lines(USER_COLUMNS), ...extra, 'PRIMARY KEY (user_id)', statuses].join(', ')})`,
    `CREATE TABLE ${schema}.card_recommendations (${[...lines(RECOMMENDATION_COLUMNS), ...extra, ...key, ...foreign].join(', ')})`,
  ];
}
