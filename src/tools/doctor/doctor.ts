import type { Dialect } from '../../database/driver.ts';
import type { MaintenanceDatabase } from '../../database/maintenance.ts';
import { GRANTS, readWantedRights } from '../../database/wanted-rights.ts';
import { DatabaseError, messageOf } from '../../model/errors.ts';
import type { Finding } from './finding.ts';
import { checkRights, type RightRow } from './login-rights.ts';
import { checkPostgresServer, type PostgresServerRow } from './postgres-settings.ts';
import { remedySql } from './remedy-sql.ts';
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
  const findings: Finding[] = [...checkWire(database.wire, database.dialect)];

  const sql = remedySql(database.dialect);
  const look = (check: string, questions: () => Promise<Finding[]>) => lookAt(check, questions, database.dialect);
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
        const rows = await database.ask<RightRow>('rights', readWantedRights(database.dialect));
        return rows === undefined ? [] : [checkRights(rows, options.role, database.dialect)];
      })),
    );
  }
  const columns = async () => (await database.ask<ColumnRow>('columns')) ?? [];
  findings.push(
    ...(await look('columns', async () => checkColumns(await columns(), sql))),
    ...(await look('length of reasons', async () => {
      const [row] = (await database.ask<{ error_length: number }>('error_length')) ?? [];
      return row === undefined ? [] : checkErrorLength(row.error_length, await columns());
    })),
    ...(await look('triggers and keys', async () => {
      const rows = (await database.ask<TargetRow>('target')) ?? [];
      return [...checkTarget(rows, sql), ...checkKeys(rows, await columns(), sql)];
    })),
    ...(await look('indexed views', async () => {
      const rows = await database.ask<{ name: string }>('indexed_views');
      return rows === undefined ? [] : [checkIndexedViews(rows)];
    })),
    ...(await look('duplicates', async () => [checkDuplicates(await database.findDuplicates(), sql)])),
    ...(await look('statuses', async () => [checkStatuses(await database.countOtherStatuses(), sql)])),
    ...(await look('log space', async () => {
      const [row] = (await database.ask<LogRow>('log')) ?? [];
      return row === undefined ? [] : [checkLog(row)];
    })),
  );
  return findings;
}

/** What makes visible what a login may not see. */
function remedyOf(check: string, dialect: Dialect): string {
  const sql = remedySql(dialect);
  const call = (name: string) => `${sql.grant('EXECUTE', name, 'cardgenius_reader')}; and migrate, where it is missing`;
  switch (check) {
    case 'log space':
      return 'GRANT VIEW SERVER STATE to this login (VIEW DATABASE STATE on Azure SQL), or ask the DBA';
    case 'length of reasons':
      return sql.grant('SELECT', 'contract_shape', 'cardgenius_reader');
    case 'statuses':
      return call('count_users');
    case 'duplicates':
      return call('doctor_duplicates');
    default:
      return `${GRANTS[dialect].path}, or a login that may see it`;
  }
}

async function lookAt(check: string, questions: () => Promise<Finding[]>, dialect: Dialect): Promise<Finding[]> {
  try {
    return await questions();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return [{ check, state: 'not visible', found: saidBy(error), remedy: remedyOf(check, dialect) }];
  }
}

/** Of a missing right only what the server said: what to do is the remedy's matter. */
const saidBy = (error: DatabaseError): string =>
  error.cause instanceof Error ? error.cause.message : messageOf(error);
