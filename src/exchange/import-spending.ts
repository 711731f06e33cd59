import type { ExchangeDatabase } from '../database/exchange.ts';
import type { Actor } from '../model/act.ts';
import { DatabaseError } from '../model/errors.ts';
import type { StagedSpending } from '../model/table-rows.ts';
import { RejectsFile } from './rejects-file.ts';
import { type OpenedSpendingCsv, openSpendingCsv, type ParsedLine, type RejectedLine } from './spending-csv.ts';
import { isStdin } from './streams.ts';

/** How many rows are staged at once, and how many lines are published at once. */
const BATCH = 10_000;
/** So many rows whose confirmed spends are too low are known by line: a second row of an id is then none of them. */
const MOST_BELOW_SUM = 10_000;

export interface ImportResult {
  /** Rows of the file, without its header and blank lines. */
  readonly read: number;
  /** New users, and users whose spends are other than before. */
  readonly imported: number;
  readonly unchanged: number;
  readonly rejected: number;
  /** The file with the rejected rows, or null. */
  readonly rejects: string | null;
  /** The first of the rejected rows. */
  readonly firstReject?: RejectedLine | undefined;
  /** Rows that went in whose confirmed spends are below the sum of the other five: they cannot both be right. */
  readonly confirmedBelowSum: number;
  /** The first of those. */
  readonly firstBelowSum?: StagedSpending | undefined;
}

export interface ImportOptions {
  /** The largest monthly amount that is believed, in paise. */
  readonly maxMonthlySpend: number;
  /** The person who imports; left out: a program. */
  readonly by?: Actor;
  /** Called now and then with the rows read so far. */
  readonly onProgress?: (read: number) => void;
}

/**
 * Brings a CSV of spends into `user_spending_data`. Good rows go in; bad ones are written to FILE.rejects.csv with their line
 * and the reason. Interrupted, it can be run again: what went in before is then found unchanged.
 */
export async function importSpending(
  database: ExchangeDatabase,
  source: string | OpenedSpendingCsv,
  options: ImportOptions,
): Promise<ImportResult> {
  const path = typeof source === 'string' ? source : source.path;
  const rejects = new RejectsFile(rejectsPathOf(path));
  try {
    const { lines } = typeof source === 'string' ? await openSpendingCsv(source, options.maxMonthlySpend) : source;
    const counts = await stageAndPublish(database, path, lines, rejects, options.onProgress ?? (() => {}), {
      by: options.by,
    });
    return { ...counts, rejected: rejects.count, rejects: await rejects.finish(), firstReject: rejects.first };
  } catch (error) {
    await rejects.discard();
    throw error;
  }
}

/** Beside the file; what comes through a pipe has no place of its own. */
function rejectsPathOf(path: string): string {
  return isStdin(path) || /^\/(dev|proc)\//.test(path) ? 'stdin.rejects.csv' : `${path}.rejects.csv`;
}

function isConfirmedBelowSum({ amounts }: StagedSpending): boolean {
  const confirmed = amounts.at(-1) ?? null;
  return confirmed !== null && confirmed < amounts.slice(0, -1).reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
}

/** Stages lines, takes out duplicates, and publishes span by span; for `import` and, with `newOnly`, `seed`. The end is an act, `by` a person or a program. */
export async function stageAndPublish(
  database: ExchangeDatabase,
  source: string,
  lines: AsyncIterable<ParsedLine>,
  rejects: Pick<RejectsFile, 'add'>,
  onProgress: (read: number) => void,
  { newOnly = false, by }: { readonly newOnly?: boolean; readonly by?: Actor | undefined } = {},
): Promise<Omit<ImportResult, 'rejected' | 'rejects' | 'firstReject'>> {
  const loadNo = await database.beginImport(source);
  let batch: StagedSpending[] = [];
  let lastLine = 0;
  let read = 0;
  let good = 0;
  let confirmedBelowSum = 0;
  const belowSum = new Map<number, StagedSpending>();
  const flush = async () => {
    if (batch.length > 0) await database.stageSpending(loadNo, batch);
    batch = [];
    onProgress(read);
  };
  for await (const line of lines) {
    read++;
    if ('good' in line) {
      good++;
      batch.push(line.good);
      if (isConfirmedBelowSum(line.good)) {
        confirmedBelowSum++;
        if (belowSum.size < MOST_BELOW_SUM) belowSum.set(line.good.lineNo, line.good);
      }
      lastLine = line.good.lineNo;
      if (batch.length === BATCH) await flush();
    } else {
      await rejects.add(line.bad);
    }
  }
  await flush();

  const duplicates = await database.rejectDuplicates(loadNo);
  for (const { lineNo, userId, firstLineNo } of duplicates) {
    if (belowSum.delete(lineNo)) confirmedBelowSum--;
    await rejects.add({ lineNo, userId, reason: `a second row for this user_id; line ${firstLineNo} went in` });
  }
  let imported = 0;
  let unchanged = 0;
  for (let from = 1; from <= lastLine; from += BATCH) {
    const span = await database.publishImport(loadNo, from, Math.min(from + BATCH - 1, lastLine), newOnly);
    imported += span.imported;
    unchanged += span.unchanged;
  }
  // A server that crashes meanwhile comes back with its staging empty, and the next statement finds nothing wrong with that.
  const missing = good - imported - unchanged - duplicates.length;
  if (missing !== 0) {
    throw new DatabaseError(
      'STAGING_INCOMPLETE',
      `${missing} of ${good} rows of ${source} were staged and are gone: the database was started anew meanwhile. Import again: what went in is found unchanged.`,
      'transient',
    );
  }
  await database.endImport(loadNo, duplicates.length, by);
  const [firstBelowSum] = belowSum.values();
  return { read, imported, unchanged, confirmedBelowSum, firstBelowSum };
}
