import type { Dialect, Wire } from '../../database/driver.ts';
import { type Finding, ok } from './finding.ts';

/** The row of queries/<dialect>/doctor_settings.sql; the embedded engine has the first and the last of it only. */
export interface SettingsRow {
  readonly version: string;
  readonly edition?: string;
  readonly engine_edition?: number;
  readonly stand_in?: string | null;
  readonly database_name: string;
  readonly compatibility_level?: number;
  readonly row_versions?: number;
  readonly updates_statistics?: number;
  readonly recovery_model?: string;
  readonly collation: string;
  readonly log_waits_for?: string;
  readonly time: Date;
}

export interface LogRow {
  readonly total_mb: number;
  readonly used_percent: number;
}

const OLDEST_VERSION = 15; // SQL Server 2019
const AZURE = new Set([5, 8]); // their versions count otherwise, and are never old
const LOWEST_LEVEL = 130; // OPENJSON
const SKEW_SECONDS = { warn: 2, fail: 60 };
const LOG_PERCENT = { warn: 70, fail: 90 };

/** How each server's address is made to say that the wire is encrypted, and that the certificate is checked. */
const WIRE = {
  mssql: {
    encrypt: 'Take encrypt=false out of CARDGENIUS_DATABASE_URL',
    verify: 'Give Node the authority (NODE_EXTRA_CA_CERTS=ca.pem), and take trustServerCertificate=true out of the URL',
  },
  postgres: {
    encrypt:
      'Say sslmode=verify-full in CARDGENIUS_DATABASE_URL (with sslrootcert=ca.pem for an authority of your own)',
    verify:
      'Say sslmode=verify-full in place of sslmode=no-verify, with sslrootcert=ca.pem for an authority of your own',
  },
} as const satisfies Readonly<Record<Dialect, unknown>>;

export function checkWire(wire: Wire | undefined, dialect: Dialect = 'mssql'): Finding[] {
  if (wire === undefined) return [];
  if (wire.encrypted && wire.verified) return [ok('TLS', 'encrypted, and the certificate verifies')];
  if (wire.isLocal === true) return [ok('TLS', 'not needed: the server is on this machine, and no wire leads to it')];
  const { encrypt, verify } = WIRE[dialect];
  return wire.encrypted
    ? [{ check: 'TLS', state: 'warn', found: 'encrypted, but any certificate is taken', remedy: verify }]
    : [{ check: 'TLS', state: 'fail', found: 'spends and passwords go over the network as they are', remedy: encrypt }];
}

export function checkSettings(row: SettingsRow, isEmbedded = false): Finding[] {
  const findings = [checkVersion(row, isEmbedded)];
  const { compatibility_level: level, row_versions: versions, recovery_model: recovery, log_waits_for: waits } = row;
  if (level !== undefined) findings.push(checkLevel(level, row.stand_in ?? null));
  if (versions !== undefined) {
    findings.push(
      versions === 1
        ? ok('row versions', 'READ_COMMITTED_SNAPSHOT is on: readers do not wait for a publish')
        : {
            check: 'row versions',
            state: 'warn',
            found: 'READ_COMMITTED_SNAPSHOT is off: readers wait while a chunk is published',
            remedy:
              'ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON (weigh it: deploy/sql/tuning/row_versions.sql)',
          },
    );
  }
  if (row.updates_statistics !== undefined)
    findings.push(checkStatistics(row.updates_statistics, row.stand_in ?? null));
  if (recovery !== undefined) {
    findings.push(
      recovery === 'FULL'
        ? ok('recovery model', `FULL; the log waits for ${waits ?? 'nothing'}`)
        : {
            check: 'recovery model',
            state: 'warn',
            found: `${recovery}: no restore to a point in time`,
            remedy: 'ALTER DATABASE CURRENT SET RECOVERY FULL, then a full backup; leave it where that is meant so',
          },
    );
  }
  return findings;
}

function checkVersion({ version, edition, engine_edition, stand_in }: SettingsRow, isEmbedded: boolean): Finding {
  const postgres = `PostgreSQL ${version}${isEmbedded ? ', embedded' : ''}`;
  const found = edition === undefined ? postgres : `${version}, ${edition}`;
  if (stand_in) {
    const remedy = 'Fine for tests. Run on SQL Server 2019 or later, or on Azure SQL';
    return { check: 'version', state: 'warn', found: `Babelfish ${stand_in}, not SQL Server`, remedy };
  }
  if (edition === undefined || AZURE.has(engine_edition ?? 0) || Number.parseInt(version, 10) >= OLDEST_VERSION) {
    return ok('version', found);
  }
  return { check: 'version', state: 'fail', found, remedy: 'SQL Server 2019 (15.0) or later, or Azure SQL' };
}

function checkLevel(level: number, standIn: string | null): Finding {
  if (level >= LOWEST_LEVEL || standIn !== null) return ok('compatibility level', String(level));
  const remedy = 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150';
  return { check: 'compatibility level', state: 'fail', found: `${level}: OPENJSON needs ${LOWEST_LEVEL}`, remedy };
}

/** The hot statements seek by key under any statistics; planning, `verify`, `report` and the server's own tools do not. */
function checkStatistics(updates: number, standIn: string | null): Finding {
  if (updates === 1 || standIn !== null) return ok('statistics', 'updated by the server itself');
  return {
    check: 'statistics',
    state: 'warn',
    found: 'AUTO_UPDATE_STATISTICS is off: after the first load, plans still count on empty tables',
    remedy:
      'ALTER DATABASE CURRENT SET AUTO_UPDATE_STATISTICS ON; or UPDATE STATISTICS on both contract tables after each large run',
  };
}

/** Leases count by the database's clock alone, so skew breaks nothing; logs and schedules would be hard to read. */
export function checkClock(time: Date, askedAt: number, answeredAt: number): Finding {
  // The database looked at its clock somewhere between: outside of that span is skew for certain.
  const at = time.getTime();
  const skew = Math.max(askedAt - at, at - answeredAt, 0) / 1000;
  if (skew <= SKEW_SECONDS.warn) return ok('clock', `within ${SKEW_SECONDS.warn} s of this machine's`);
  return {
    check: 'clock',
    state: skew > SKEW_SECONDS.fail ? 'fail' : 'warn',
    found: `${skew.toFixed(0)} s ${at < askedAt ? 'behind' : 'ahead of'} this machine's`,
    remedy: 'Let both machines follow the same time server (chrony, w32time)',
  };
}

export function checkLog({ total_mb, used_percent }: LogRow): Finding {
  const found = `${used_percent.toFixed(0)} % of ${total_mb.toFixed(0)} MB used`;
  if (used_percent < LOG_PERCENT.warn) return ok('log space', found);
  return {
    check: 'log space',
    state: used_percent < LOG_PERCENT.fail ? 'warn' : 'fail',
    found,
    remedy: 'BACKUP LOG more often, or let the log grow; docs/dba-guide.md tells how much 10,000 users write',
  };
}
