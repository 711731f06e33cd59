/** What both dialects answer about the contract tables, and how the shape is written down. */

import type { ContractTable, FoundColumn } from '../../model/contract.ts';
import type { InstalledShape } from './target.ts';

/** A row of queries/<dialect>/doctor_columns.sql. */
export interface ColumnAnswer {
  readonly table_schema: string;
  readonly table_name: string;
  readonly column_name: string;
  readonly data_type: string;
  readonly length: number | null;
  readonly nullable: number;
  readonly has_default: number;
  readonly generated: number;
}

export interface ShapeAnswer {
  readonly error_length: number;
  readonly optional_columns: string;
}

export const SHAPE = 'SELECT error_length, optional_columns FROM cardgenius.contract_shape';

export function toFoundColumns(rows: readonly ColumnAnswer[]): FoundColumn[] {
  return rows
    .filter(row => row.table_schema === 'dbo')
    .map(row => ({
      table: row.table_name as ContractTable,
      name: row.column_name,
      dataType: row.data_type,
      length: row.length,
      nullable: Number(row.nullable) === 1,
      hasDefault: Number(row.has_default) === 1,
      generated: Number(row.generated) === 1,
    }));
}

export const toInstalledShape = ({ error_length, optional_columns }: ShapeAnswer): InstalledShape => ({
  errorLength: error_length,
  optionalColumns: optional_columns.split(' ').filter(name => name !== ''),
});

/** What writes the shape down, as `migrate --sql` writes it, too. */
export const shapeRecordOf = ({ errorLength, optionalColumns }: InstalledShape, keepsLength = false): string =>
  `UPDATE cardgenius.contract_shape SET ${keepsLength ? '' : `error_length = ${errorLength}, `}optional_columns = '${optionalColumns.join(' ')}';`;
