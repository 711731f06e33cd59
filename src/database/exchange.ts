import type { RecommendationRow } from '../model/contract.ts';
import type { UserCounts } from '../model/run.ts';
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

  async endImport(loadNo: number, duplicates: number): Promise<void> {
    await driver.call(
      'end_import',
      [
        ['load_no', 'bigint', loadNo],
        ['duplicates', 'bigint', duplicates],
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

  async readSpending(userId: string): Promise<StoredSpending | undefined> {
    const parameters = [['user_id', 'varchar(50)', userId] as const];
    const [row] = await driver.call<SpendingRow>('read_spending', parameters, 'control');
    if (row === undefined) return undefined;
    const { amazon, flipkart, myntra, ajio, grocery, confirmed, processingStatus, processingError } = row;
    const amounts = [amazon, flipkart, myntra, ajio, grocery, confirmed];
    return { userId: row.userId, amounts, status: processingStatus, error: processingError };
  },

  countUsers: (): Promise<UserCounts> => callForRow(driver, 'count_users', []),
});

type Amounts = Readonly<Record<'amazon' | 'flipkart' | 'myntra' | 'ajio' | 'grocery' | 'confirmed', number | null>>;

interface SpendingRow extends Amounts {
  readonly userId: string;
  readonly processingStatus: string;
  readonly processingError: string | null;
}
