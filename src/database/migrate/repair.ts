import { readShape } from './shape.ts';
import { readSqlFiles } from './sql-files.ts';
import type { MigrationTarget } from './target.ts';
import { type Drift, verifySchema } from './verify.ts';

export interface Repair {
  /** Objects of ours that differ from their files, or are gone, in the order in which they are put back. */
  readonly repairable: readonly Drift[];
  /** What differs and is not put back: edited migrations, what others made, what this login cannot see; and what migrate applies. */
  readonly left: readonly Drift[];
}

/**
 * Puts altered and dropped procedures, functions and views of ours back as they were reviewed, or only says which (`apply` false).
 * Tables and migrations are never touched. Each object is a transaction of its own; a second call finds nothing to do.
 */
export async function repairSchema(target: MigrationTarget, apply: boolean): Promise<Repair> {
  await using _lock = apply ? await target.lockMigrations() : NO_LOCK;
  const applied = await target.appliedFiles();
  const { installed } = await readShape(target, applied.size > 0, false);
  const files = await readSqlFiles(target.dialect, installed.optionalColumns);
  const { drift } = await verifySchema(target);
  const isCurrent = (name: string, checksum: string) => applied.get(name)?.checksum === checksum;
  const byObject = new Map(drift.map(found => [found.what, found]));
  const damaged = files.flatMap(file => {
    const found = byObject.get(file.name.replace('object:', 'cardgenius.'));
    const isDamaged = found?.problem === 'altered' || found?.problem === 'dropped';
    return isDamaged && isCurrent(file.name, file.checksum) ? [{ file, found }] : [];
  });
  if (apply) for (const { file } of damaged) await target.applyFile(file);
  const repairable = damaged.map(({ found }) => found);
  return { repairable, left: drift.filter(found => !repairable.includes(found)) };
}

const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };
