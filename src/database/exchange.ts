import { type Actor, PROCESSOR } from '../model/act.ts';
import type { RecommendationRow } from '../model/contract.ts';
import type { UserCounts } from '../model/run.ts';
import { SPENDING_FIELDS, type Spending } from '../model/spending.ts';
import type { DuplicateLine, StagedSpending, StoredSpending } from '../model/table-rows.ts';
import { callForRow, cut, type Driver } from './driver.ts';

/** What goes in and out by CSV, and the look at one user. Each operation is the procedure of that name. */
export type ExchangeDatabase = ReturnType<typeof exchangeOperations>;

export const exchangeOperations = (driver: Driver) => ({
  async beginImport(source: string): Promise<number> {
    const parameters = [['source', 'nvarchar(400)', cut(source, 400)] as const];
    return (await callForRow<{ loadNo: number }>(driver, 'begin_import', parameters, 'control')).loadNo;
  },

  /** Bulk-loads rows of an import; line numbers ascend from call to call. */
  stageSpending: (loadNo: number, rows: readonly StagedSpending[]): Promise<void> => driver.stageSpending(loadNo, rows),

  /** Takes second and later rows of an id out of the import. */
  rejectDuplicates(loadNo: number): Promise<DuplicateLine[]> {
    return driver.call('reject_duplicates', [['load_no', 'bigint', loadNo]]);
  },

  /** Brings the staged rows of a span of lines in; with `newOnly` users who are there stay as they are. */
  publishImport(
    loadNo: number,
    fromLine: number,
    toLine: number,
    newOnly = false,
  ): Promise<{ imported: number; unchanged: number }> {
    return callForRow(driver, 'publish_import', [
      ['load_no', 'bigint', loadNo],
      ['line_no_from', 'int', fromLine],
      ['line_no_to', 'int', toLine],
      ['new_only', 'bit', newOnly],
    ]);
  },

  /** Asked again, it writes nothing more. */
  async endImport(loadNo: number, duplicates: number, { origin, person }: Actor = PROCESSOR): Promise<void> {
    await driver.call(
      'end_import',
      [
        ['load_no', 'bigint', loadNo],
        ['duplicates', 'bigint', duplicates],
        ['origin', 'varchar(10)', origin],
        ['person', 'nvarchar(200)', person],
      ],
      'control',
    );
  },

  /** The next users' rows after a user id (null: from the start), by user_id and rank; empty at the end. */
  exportRecommendations(afterUserId: string | null, users: number): Promise<RecommendationRow[]> {
    return driver.call('export_recommendations', [
      ['after_user_id', 'varchar(50)', afterUserId],
      ['users', 'int', users],
    ]);
  },

  /** The next users after a user id (null: from the start) with their spends and status, in key order; empty at the end. */
  async listSpending(afterUserId: string | null, users: number): Promise<ListedSpending[]> {
    const rows = await driver.call<SpendingRow>('list_spending', [
      ['after_user_id', 'varchar(50)', afterUserId],
      ['users', 'int', users],
    ]);
    return rows.map(row => ({ userId: row.userId, amounts: amountsOf(row), status: row.processingStatus }));
  },

  /** The rows of the users after one user id (null: from the start) up to another one, by user_id and rank. */
  listRecommendations(afterUserId: string | null, lastUserId: string): Promise<RecommendationRow[]> {
    return driver.call('list_recommendations', [
      ['after_user_id', 'varchar(50)', afterUserId],
      ['last_user_id', 'varchar(50)', lastUserId],
    ]);
  },

  async readSpending(userId: string): Promise<StoredSpending | undefined> {
    const parameters = [['user_id', 'varchar(50)', userId] as const];
    const [row] = await driver.call<SpendingRow>('read_spending', parameters, 'control');
    if (row === undefined) return undefined;
    return { userId: row.userId, amounts: amountsOf(row), status: row.processingStatus, error: row.processingError };
  },

  countUsers: (): Promise<UserCounts> => callForRow(driver, 'count_users', []),
});

type Amounts = Readonly<Record<(typeof SPENDING_FIELDS)[number], number | null>>;

const amountsOf = (row: Amounts) => SPENDING_FIELDS.map(field => row[field]);

/** A user's spends with the status that they stand in; null is a status that is NULL. */
export interface ListedSpending extends Spending {
  readonly status: string | null;
}

interface SpendingRow extends Amounts {
  readonly userId: string;
  readonly processingStatus: string;
  readonly processingError: string | null;
}
