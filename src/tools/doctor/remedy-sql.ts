import type { Dialect } from '../../database/driver.ts';

/** What doctor advises, as statements of the server that it looks at. */
export interface RemedySql {
  /** A contract table with its schema. */
  table(name: string): string;
  /** A type of the PRD, as the server spells it. */
  type(type: string): string;
  addColumn(table: string, column: string, type: string): string;
  /** `keepsNotNull`: the column refuses NULL, and `type` does not say so. */
  alterColumn(table: string, column: string, type: string, keepsNotNull: boolean): string;
  addDefault(table: string, column: string): string;
  disableTrigger(table: string, trigger: string): string;
  deleteDuplicates(table: string, key: readonly string[]): string;
  /** Lets a login see the columns of a table. */
  seeColumns(table: string): string;
  /** Lets a role call a procedure, or read a view of ours. */
  grant(right: 'EXECUTE' | 'SELECT', name: string, role: string): string;
}

const mssql: RemedySql = {
  table: name => `dbo.${name}`,
  type: type => type,
  addColumn: (table, column, type) => `ALTER TABLE dbo.${table} ADD ${column} ${type} NULL`,
  // ALTER COLUMN takes NOT NULL away where it does not say it.
  alterColumn: (table, column, type, keepsNotNull) =>
    `ALTER TABLE dbo.${table} ALTER COLUMN ${column} ${type}${keepsNotNull ? ' NOT NULL' : ''}`,
  addDefault: (table, column) =>
    `ALTER TABLE dbo.${table} ADD CONSTRAINT df_${table}_${column} DEFAULT … FOR ${column}`,
  disableTrigger: (table, trigger) => `DISABLE TRIGGER dbo.${trigger} ON dbo.${table}`,
  deleteDuplicates: (table, key) =>
    `WITH d AS (SELECT ROW_NUMBER() OVER (PARTITION BY ${key.join(', ')} ORDER BY user_id) AS n FROM dbo.${table}) DELETE FROM d WHERE n > 1`,
  seeColumns: table => `GRANT VIEW DEFINITION ON OBJECT::dbo.${table} TO cardgenius_reader`,
  grant: (right, name, role) => `GRANT ${right} ON OBJECT::cardgenius.${name} TO ${role}`,
};

const postgresType = (type: string) => type.replace('DATETIME2(3)', 'TIMESTAMPTZ');
const SHOWN_BY_VIEWS =
  ' (PostgreSQL alters no column that a view shows: drop the views of schema cardgenius first; cardgenius migrate --repair --yes makes them again)';

const postgres: RemedySql = {
  table: name => `public.${name}`,
  type: postgresType,
  addColumn: (table, column, type) => `ALTER TABLE public.${table} ADD COLUMN ${column} ${postgresType(type)} NULL`,
  alterColumn: (table, column, type) =>
    `ALTER TABLE public.${table} ALTER COLUMN ${column} TYPE ${postgresType(type).replace(' NOT NULL', '')}${SHOWN_BY_VIEWS}`,
  addDefault: (table, column) => `ALTER TABLE public.${table} ALTER COLUMN ${column} SET DEFAULT …`,
  disableTrigger: (table, trigger) => `ALTER TABLE public.${table} DISABLE TRIGGER ${trigger}`,
  deleteDuplicates: (table, key) =>
    `DELETE FROM public.${table} AS a USING public.${table} AS b WHERE ${key.map(column => `a.${column} = b.${column}`).join(' AND ')} AND a.ctid > b.ctid`,
  seeColumns: table => `GRANT REFERENCES ON TABLE public.${table} TO cardgenius_reader`,
  grant: (right, name, role) =>
    `GRANT ${right} ON ${right === 'EXECUTE' ? 'FUNCTION' : 'TABLE'} cardgenius.${name} TO ${role}`,
};

const OF: Readonly<Record<Dialect, RemedySql>> = { mssql, postgres };
export const remedySql = (dialect: Dialect): RemedySql => OF[dialect];
