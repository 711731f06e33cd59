import type { MaintenanceDatabase } from '../../database/maintenance.ts';
import { DatabaseError, messageOf } from '../../model/errors.ts';
import type { Finding } from './finding.ts';
import { checkRights, type RightRow, readWantedRights } from './login-rights.ts';
import { checkPostgresServer, type PostgresServerRow } from './postgres-settings.ts';
import { checkClock, checkLog, checkSettings, checkWire, type LogRow, type SettingsRow } from './server-settings.ts';
import {
  type ColumnRow,
  checkColumns,
  checkDuplicates,
  checkErrorLength,
  checkIndexedViews,
  checkKeys,
  checkStatuses,
  checkTarget,
  type TargetRow,
} from './tables.ts';

export interface DoctorOptions {
  /** Milliseconds since 1970: this machine's clock. */
  readonly clock?: () => number;
  /** Which role this login should have; default: those that it is in, else all that work with data. */
  readonly role?: string | undefined;
}

/** Looks at everything that is known to go wrong. Each question is asked by itself: one that is refused hides no other. */
export async function examine(database: MaintenanceDatabase, options: DoctorOptions = {}): Promise<Finding[]> {
  const clock = options.clock ?? Date.now;
  const findings: Finding[] = [...checkWire(database.wire)];

  const askedAt = clock();
  const settings = await look('settings', async () => {
    const rows = await database.ask<SettingsRow>('settings');
    const [row] = rows ?? [];
    const answeredAt = clock();
    return row === undefined
      ? []
      : [...checkSettings(row, database.wire === undefined), checkClock(row.time, askedAt, answeredAt)];
  });
  findings.push(...settings);

  // The embedded engine is one's own: nothing goes over a wire, and there is nothing to grant.
  if (database.wire !== undefined) {
    findings.push(
      ...(await look('server', async () => {
        const [row] = (await database.ask<PostgresServerRow>('server')) ?? [];
        return row === undefined ? [] : checkPostgresServer(row);
      })),
      ...(await look('grants', async () => {
        const rows = await database.ask<RightRow>('rights', await readWantedRights(database.dialect));
        return rows === undefined ? [] : [checkRights(rows, options.role, database.dialect)];
      })),
    );
  }
  const columns = async () => (await database.ask<ColumnRow>('columns')) ?? [];
  findings.push(
    ...(await look('columns', async () => checkColumns(await columns()))),
    ...(await look('length of reasons', async () => {
      const [row] = (await database.ask<{ error_length: number }>('error_length')) ?? [];
      return row === undefined ? [] : checkErrorLength(row.error_length, await columns());
    })),
    ...(await look('triggers and keys', async () => {
      const rows = (await database.ask<TargetRow>('target')) ?? [];
      return [...checkTarget(rows), ...checkKeys(rows, await columns())];
    })),
    ...(await look('indexed views', async () => {
      const rows = await database.ask<{ name: string }>('indexed_views');
      return rows === undefined ? [] : [checkIndexedViews(rows)];
    })),
    ...(await look('duplicates', async () => [checkDuplicates(await database.findDuplicates())])),
    ...(await look('statuses', async () => [checkStatuses(await database.countOtherStatuses())])),
    ...(await look('log space', async () => {
      const [row] = (await database.ask<LogRow>('log')) ?? [];
      return row === undefined ? [] : [checkLog(row)];
    })),
  );
  return findings;
}

const REMEDIES: Readonly<Record<string, string>> = {
  'log space': 'GRANT VIEW SERVER STATE to this login (VIEW DATABASE STATE on Azure SQL), or ask the DBA',
  'length of reasons': 'GRANT SELECT ON OBJECT::cardgenius.contract_shape TO cardgenius_reader',
  statuses: 'GRANT EXECUTE ON OBJECT::cardgenius.count_users TO cardgenius_reader; and migrate, where it is missing',
  duplicates:
    'GRANT EXECUTE ON OBJECT::cardgenius.doctor_duplicates TO cardgenius_reader; and migrate, where it is missing',
};

async function look(check: string, questions: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await questions();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const remedy = REMEDIES[check] ?? 'deploy/sql/grants.sql, or a login that may see it';
    return [{ check, state: 'not visible', found: messageOf(error), remedy }];
  }
}
