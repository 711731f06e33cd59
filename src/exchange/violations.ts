import type { Violation } from '../database/audit.ts';
import { writeCsv } from './write-csv.ts';

/** How many rows of each check are written at most: with more violations, read the check and not each row. */
export const MOST_VIOLATIONS = 5_000;

/** Writes what breaks the checks, a row each: a header alone where nothing does. Throws UsageError (CSV_UNWRITABLE). */
export async function writeViolations(violations: readonly Violation[], path: string): Promise<void> {
  const rows = violations.map(({ check, severity, userId, runId, chunkNo, wrong }) => [
    check,
    severity,
    userId ?? '',
    String(runId ?? ''),
    String(chunkNo ?? ''),
    wrong,
  ]);
  await writeCsv(path, ['check', 'severity', 'user_id', 'run', 'chunk', 'wrong'], rows);
}
