/**
 * The contract: the columns of CashKaro's two tables. The only list of them in TypeScript: rows, staging, COPY, export, golden CSVs,
 * answer checks and doctor loop over it. In each dialect the view `stored_row` is the list of what is read. Imports nothing.
 */

export type ContractTable = 'user_spending_data' | 'card_recommendations';

/**
 * Where a value comes from: the user's row, the place among the ten, the card, the engine's answer, the run that writes it, or a sum of
 * other columns.
 */
export type ColumnSource = 'user' | 'place' | 'card' | 'engine' | 'run' | 'sum';

/** `id`: text of at most 50; `money`: whole paise here, rupees there; `points`: hundredths; `rate`: ten-thousandths of a rupee. */
export type ColumnKind = 'id' | 'text' | 'integer' | 'money' | 'points' | 'rate' | 'time';

export interface ContractColumn {
  readonly table: ContractTable;
  readonly name: string;
  /** The property of a row in TypeScript. */
  readonly field: string;
  readonly kind: ColumnKind;
  /** As the PRD has it on SQL Server. */
  readonly type: string;
  readonly from: ColumnSource;
  /** Used where the table has it; all others must be there. */
  readonly optional: boolean;
}

type Definition = readonly [name: string, kind: ColumnKind, type: string, from: ColumnSource, optional?: 'optional'];

/** `card_name` as `cardName`. */
type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type ValueOf<Kind extends ColumnKind> = Kind extends 'id' | 'text' ? string : Kind extends 'time' ? Date : number;

/** A row under the names of its columns; of an optional column null where the table or the row has no value. */
type RowOf<Of extends readonly Definition[]> = {
  readonly [D in Of[number] as D extends { readonly 4: 'optional' } ? never : Camel<D[0]>]: ValueOf<D[1]>;
} & {
  readonly [D in Of[number] as D extends { readonly 4: 'optional' } ? Camel<D[0]> : never]?: ValueOf<D[1]> | null;
};

const columnsOf = (table: ContractTable, definitions: readonly Definition[]): readonly ContractColumn[] =>
  definitions.map(([name, kind, type, from, optional]) => ({
    table,
    name,
    field: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    kind,
    type,
    from,
    optional: optional !== undefined,
  }));

const MONEY = 'DECIMAL(12,2)';
const TIME = 'DATETIME2(3)';

export const USER_COLUMNS = columnsOf('user_spending_data', [
  ['user_id', 'id', 'VARCHAR(50)', 'user'],
  ['avg_amazon_gmv', 'money', MONEY, 'user'],
  ['avg_flipkart_gmv', 'money', MONEY, 'user'],
  ['avg_myntra_gmv', 'money', MONEY, 'user'],
  ['avg_ajio_gmv', 'money', MONEY, 'user'],
  ['avg_grocery_gmv', 'money', MONEY, 'user'],
  ['avg_confirmed_gmv', 'money', MONEY, 'user'],
  ['processing_status', 'text', 'VARCHAR(20)', 'run'],
  ['processing_error', 'text', 'VARCHAR(400)', 'run'],
  ['last_processed_at', 'time', TIME, 'run', 'optional'],
  ['created_at', 'time', TIME, 'run', 'optional'],
  ['updated_at', 'time', TIME, 'run', 'optional'],
]);

const RECOMMENDATION = [
  ['user_id', 'id', 'VARCHAR(50)', 'user'],
  ['rank', 'integer', 'TINYINT', 'place'],
  ['card_name', 'text', 'VARCHAR(200)', 'card'],
  ['total_savings_yearly', 'money', MONEY, 'engine'],
  ['joining_fees', 'money', MONEY, 'card'],
  ['total_extra_benefits', 'money', MONEY, 'engine'],
  ['net_savings', 'money', MONEY, 'sum'],
  ['amazon_points', 'points', MONEY, 'engine'],
  ['flipkart_points', 'points', MONEY, 'engine'],
  ['myntra_points', 'points', MONEY, 'engine'],
  ['ajio_points', 'points', MONEY, 'engine'],
  ['grocery_points', 'points', MONEY, 'engine'],
  ['other_online_points', 'points', MONEY, 'engine'],
  ['redemption_method', 'text', 'VARCHAR(50)', 'card'],
  ['redemption_rate', 'rate', 'DECIMAL(5,4)', 'card'],
  ['card_id', 'text', 'VARCHAR(100)', 'card', 'optional'],
  ['processed_at', 'time', TIME, 'run', 'optional'],
  ['batch_id', 'text', 'VARCHAR(50)', 'run', 'optional'],
  ['created_at', 'time', TIME, 'run', 'optional'],
  ['updated_at', 'time', TIME, 'run', 'optional'],
] as const satisfies readonly Definition[];

export const RECOMMENDATION_COLUMNS = columnsOf('card_recommendations', RECOMMENDATION);

/** A row of card_recommendations, integers throughout: paise, hundredths of points, ten-thousandths of a rupee. */
export type RecommendationRow = RowOf<typeof RECOMMENDATION>;

/** What an engine answers and staging carries, in this order. */
export const STAGED_COLUMNS = RECOMMENDATION_COLUMNS.filter(({ from }) => from === 'engine');

/** The points of the categories, in the order of CATEGORIES. */
export const POINT_COLUMNS = RECOMMENDATION_COLUMNS.filter(({ kind }) => kind === 'points');

export const CONTRACT_COLUMNS = [...USER_COLUMNS, ...RECOMMENDATION_COLUMNS];

/** As the mark of a line of SQL names a column. */
export const markOf = ({ table, name }: Pick<ContractColumn, 'table' | 'name'>): string => `${table}.${name}`;

/** What may be missing, as marks name it. */
export const OPTIONAL_COLUMNS: readonly string[] = CONTRACT_COLUMNS.filter(column => column.optional).map(markOf);

/** A column of one of the two tables, as a database has it. */
export interface FoundColumn {
  readonly table: ContractTable;
  readonly name: string;
  /** In lower case, as INFORMATION_SCHEMA calls it. */
  readonly dataType: string;
  /** In characters; null or -1: no limit, or no text. */
  readonly length: number | null;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** An identity, a computed column or a row version: the database fills it, and refuses a value. */
  readonly generated: boolean;
}

const ACCEPTED: Readonly<Record<ColumnKind, RegExp>> = {
  id: /^(varchar|char|character varying|character)$/,
  text: /^(n?varchar|n?char|n?text|character varying|character)$/,
  integer: /^(tinyint|smallint|int|integer)$/,
  money: /^(decimal|numeric)$/,
  points: /^(decimal|numeric)$/,
  rate: /^(decimal|numeric)$/,
  time: /^(datetime2?|datetimeoffset|smalldatetime|timestamp with(out)? time zone)$/,
};

/** SQL Server compares no TEXT and no NTEXT, and the one column that is never compared is the reason of a failure. */
const isComparable = (name: string, dataType: string): boolean =>
  name === 'processing_error' || !/^n?text$/.test(dataType);

/** Whether a column is of a type that the product can write and compare: any text, any time with a date. */
export function fits(
  { kind, name }: ContractColumn,
  { dataType, length }: Pick<FoundColumn, 'dataType' | 'length'>,
): boolean {
  if (!ACCEPTED[kind].test(dataType)) return false;
  if (kind === 'id') return length !== null && length >= 1 && length <= 50;
  return /^(character varying|text)$/.test(dataType) || isComparable(name, dataType);
}

/** What is wrong with the two tables as they were found, a sentence each; nothing for a table that is not to be seen. */
export function contractProblems(found: readonly FoundColumn[]): string[] {
  const byName = new Map(found.map(column => [markOf(column), column]));
  const seen = new Set(found.map(({ table }) => table));
  const wrong = CONTRACT_COLUMNS.filter(({ table }) => seen.has(table)).flatMap(column => {
    const there = byName.get(markOf(column));
    // What must be there is looked at by migration 0003 and by doctor, each with its remedy.
    if (there === undefined || !column.optional) return [];
    if (there.generated)
      return [`${markOf(column)} is filled by the database itself; it must be a plain ${column.type} NULL`];
    return fits(column, there) ? [] : [`${markOf(column)} is ${there.dataType}; it must be like ${column.type}`];
  });
  const known = new Set(CONTRACT_COLUMNS.map(markOf));
  const foreign = found
    .filter(column => !known.has(markOf(column)) && !column.nullable && !column.hasDefault && !column.generated)
    .map(
      column =>
        `${markOf(column)} is NOT NULL without a default, and is not in the contract: each INSERT would be refused. ` +
        `Give it a DEFAULT, or make it NULL`,
    );
  return [...wrong, ...foreign];
}

/** The optional columns that are there, as marks name them; in the order of the contract. */
export function optionalColumns(found: readonly FoundColumn[]): string[] {
  const there = new Set(found.map(markOf));
  return OPTIONAL_COLUMNS.filter(name => there.has(name));
}

/** What `processing_error` takes, in characters. */
export function errorLength(found: readonly FoundColumn[]): number {
  const length = found.find(column => markOf(column) === 'user_spending_data.processing_error')?.length ?? -1;
  return length < 1 ? LONGEST_ERROR : Math.min(length, LONGEST_ERROR);
}

/** How many characters of a reason are kept, however many the column takes. */
export const LONGEST_ERROR = 4_000;
