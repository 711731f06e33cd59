/**
 * The shape of CashKaro's two tables: which of the contract's optional columns are there, and what the procedures are installed for.
 */
import {
  contractProblems,
  errorLength,
  type FoundColumn,
  LONGEST_ERROR,
  OPTIONAL_COLUMNS,
  optionalColumns,
} from '../../model/contract.ts';
import { CardGeniusError } from '../../model/errors.ts';
import type { AppliedFiles, InstalledShape } from './target.ts';

export interface Shape {
  readonly installed: InstalledShape;
  /** As this login sees the tables: empty where there are none, or none to be seen. */
  readonly found: readonly FoundColumn[];
  /** The named migrations that are to be applied. */
  readonly named: readonly string[];
}

const ADDING = 'named:add_contract_columns';
const COMPLETING = 'named:complete_new_tables';
/** As migrations 0002 and 0003 make processing_error. */
const OUR_ERROR_LENGTH = 400;

/**
 * What the procedures are to be installed for, once what is pending was applied. Tables that migrate makes itself get all columns;
 * those that were there get none unless it is asked for. A login that sees no column takes what was written down.
 */
export async function readShape(
  target: Pick<AppliedFiles, 'contractColumns' | 'installedShape'>,
  isMigrated: boolean,
  addColumns: boolean,
): Promise<Shape> {
  const found = await target.contractColumns();
  if (found.length === 0) {
    if (!isMigrated) {
      return {
        installed: { optionalColumns: OPTIONAL_COLUMNS, errorLength: OUR_ERROR_LENGTH },
        found,
        named: [ADDING, COMPLETING],
      };
    }
    return {
      installed: (await target.installedShape()) ?? { optionalColumns: [], errorLength: LONGEST_ERROR },
      found,
      named: [],
    };
  }
  const there = optionalColumns(found);
  const isAdding = addColumns && there.length < OPTIONAL_COLUMNS.length;
  const hasReason = found.some(({ name }) => name === 'processing_error');
  return {
    installed: {
      optionalColumns: isAdding ? OPTIONAL_COLUMNS : there,
      errorLength: hasReason ? errorLength(found) : OUR_ERROR_LENGTH,
    },
    found,
    named: isAdding ? [ADDING] : [],
  };
}

/** Throws CONTRACT_COLUMN, naming the columns of CashKaro's that would make each run fail. */
export function refuseUnusableTables(found: readonly FoundColumn[]): void {
  const problems = contractProblems(found);
  if (problems.length > 0) throw new CardGeniusError('CONTRACT_COLUMN', `${problems.join('. ')}. Then start again.`);
}

/** What came and what went since the procedures were installed; undefined where nothing did, or where that cannot be seen. */
export function changedColumns({ found, installed }: Shape, before: InstalledShape | undefined): string | undefined {
  if (before === undefined || found.length === 0) return undefined;
  const came = installed.optionalColumns.filter(name => !before.optionalColumns.includes(name));
  const went = before.optionalColumns.filter(name => !installed.optionalColumns.includes(name));
  const changes = [
    ...(came.length > 0 ? [`${came.join(', ')} came`] : []),
    ...(went.length > 0 ? [`${went.join(', ')} went`] : []),
  ];
  return changes.length > 0 ? changes.join('; ') : undefined;
}
