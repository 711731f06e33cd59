import type { Dialect } from '../../database/driver.ts';
import type { MaintenanceDatabase } from '../../database/maintenance.ts';
import { GRANTS, joinRole, readWantedRights } from '../../database/wanted-rights.ts';
import { CardGeniusError } from '../../model/errors.ts';
import { type Finding, ok } from './finding.ts';

/** A row of queries/<dialect>/doctor_rights.sql. */
export interface RightRow {
  readonly role: string;
  readonly right: string;
  readonly securable: string;
  readonly member: number;
  /** Null: there is no such thing. */
  readonly granted: number | null;
}

/**
 * Throws RIGHTS_MISSING where the login lacks a right of that role on an object that is there: at the start of a service, and not in
 * the middle of its first run. The embedded engine has no rights to ask for.
 */
export async function requireRights(
  database: Pick<MaintenanceDatabase, 'dialect' | 'ask'> & Partial<Pick<MaintenanceDatabase, 'wire'>>,
  role: string,
): Promise<void> {
  if (database.dialect === 'postgres' && database.wire === undefined) return;
  const wanted = readWantedRights(database.dialect).filter(right => right.role === role);
  const missing = ((await database.ask<RightRow>('rights', wanted)) ?? []).filter(({ granted }) => granted === 0);
  if (missing.length === 0) return;
  const [first] = missing;
  throw new CardGeniusError(
    'RIGHTS_MISSING',
    `This login lacks ${missing.length} of ${wanted.length} rights of ${role}, the first: ${first!.right} on ${first!.securable}. ` +
      `Run ${GRANTS[database.dialect].path} again, as the owner of the database, after each migrate; which are missing: cardgenius doctor --role ${role.replace('cardgenius_', '')}`,
  );
}

/** What this login lacks of the roles that it is in, as GRANT statements, a line each; of all that work with data where it is in none. */
export function checkRights(rows: readonly RightRow[], role?: string, dialect: Dialect = 'mssql'): Finding {
  const { path } = GRANTS[dialect];
  const member = new Set(rows.filter(row => row.member === 1).map(row => row.role));
  const roles = role !== undefined ? new Set([role]) : member;
  const asked = rows.filter(row => (roles.size > 0 ? roles.has(row.role) : row.role !== 'cardgenius_migrator'));
  const missing = asked.filter(row => row.granted !== 1);
  const names = [...roles].join(', ') || 'processor, importer and reader';
  if (missing.length === 0) return ok('grants', `all ${asked.length} rights of ${names}`);
  const on = ({ right, securable }: RightRow) => {
    if (securable === '') return '';
    const isSchema = !securable.includes('.');
    if (dialect === 'mssql') return ` ON ${isSchema ? 'SCHEMA' : 'OBJECT'}::${securable}`;
    return ` ON ${isSchema ? 'SCHEMA ' : right === 'EXECUTE' ? 'FUNCTION ' : ''}${securable}`;
  };
  const isIn = [...roles].some(name => member.has(name));
  const statements = missing.map(row => `GRANT ${row.right}${on(row)} TO ${row.role};`);
  const found = `${missing.length} of ${asked.length} rights of ${names} are missing`;
  if (isIn) return { check: 'grants', state: 'fail', found, remedy: [...new Set(statements)].join('\n') };
  // A login without a role needs the role, not its fifty rights one by one.
  const joined = role ?? 'cardgenius_processor';
  const join = joinRole(dialect, joined, 'user');
  const which = role === undefined ? ' (or cardgenius_importer, cardgenius_reader: whatever this login is for)' : '';
  const guide = dialect === 'mssql' ? '"Logins" in docs/dba-guide.md' : '"Roles" in docs/postgresql.md';
  const remedy = `${join}${which}\nWhere there is no such role or user: ${path}, and ${guide}`;
  return { check: 'grants', state: 'fail', found: `${found}; this login is in no role of them`, remedy };
}
