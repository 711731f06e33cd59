import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../package.ts';
import type { Dialect } from './driver.ts';

/** A right of deploy/sql/grants.sql, or of its twin for PostgreSQL. */
export interface WantedRight {
  readonly role: string;
  readonly right: string;
  readonly class: 'OBJECT' | 'SCHEMA' | 'DATABASE' | 'FUNCTION' | 'TABLE';
  readonly securable: string;
}

/** Each dialect's list of rights is a file for its DBA, and how a right is written there. */
export const GRANTS = {
  mssql: {
    path: 'deploy/sql/grants.sql',
    grant: /^GRANT (?<right>[A-Z ]+?)(?: ON (?<class>OBJECT|SCHEMA)::(?<securable>[\w.]+))? TO (?<role>\w+);$/gm,
  },
  postgres: {
    path: 'deploy/sql/postgres/grants.sql',
    grant:
      /^GRANT (?<right>[A-Z]+) ON (?<class>FUNCTION|TABLE|SCHEMA) (?<securable>[\w.]+) TO (?<role>cardgenius_(?!owner)\w+);$/gm,
  },
} as const satisfies Readonly<Record<Dialect, unknown>>;

/** The rights of grants.sql: that file is the one list of them. */
export function readWantedRights(dialect: Dialect): WantedRight[] {
  const { path, grant } = GRANTS[dialect];
  const text = readFileSync(join(PACKAGE_ROOT, path), 'utf8');
  return [...text.matchAll(grant)].map(({ groups }) => ({
    role: groups!.role!,
    right: groups!.right!,
    class: (groups!.class ?? 'DATABASE') as WantedRight['class'],
    securable: groups!.securable ?? '',
  }));
}

/** How a login is made a member of a role. */
export const joinRole = (dialect: Dialect, role: string, login: string): string =>
  dialect === 'mssql'
    ? `ALTER ROLE ${role} ADD MEMBER [${login.replaceAll(']', ']]')}];`
    : `GRANT ${role} TO "${login.replaceAll('"', '""')}";`;

/** What the server names where it refuses: a thing of ours, or the whole schema. */
const REFUSED = [
  /permission denied for (?:function|procedure|table|view|relation|sequence) "?(?<name>\w+)/i,
  /permission was denied on the (?:object|schema) '(?<name>\w+)'/i,
  /permission denied for schema "?(?<name>cardgenius)\b/i,
] as const;

/**
 * Which role a login needs for what the server refused it, and how it gets that; undefined where that is nothing of ours. `said`: the
 * server's message.
 */
export function roleFor(dialect: Dialect, said: string, login = 'user'): string | undefined {
  const name = REFUSED.map(pattern => pattern.exec(said)?.groups?.name).find(found => found !== undefined);
  if (name === undefined) return undefined;
  const join = (role: string) => joinRole(dialect, role, login);
  if (name === 'cardgenius') {
    return (
      `The login ${login} is in no role of cardgenius. Have a DBA give it the one of its work: ${join('cardgenius_migrator')} for migrate, ` +
      'cardgenius_processor for run and serve, cardgenius_importer for import, cardgenius_reader for errors and reports'
    );
  }
  const roles = new Set(
    readWantedRights(dialect)
      .filter(({ securable }) => securable === `cardgenius.${name}`)
      .map(({ role }) => role),
  );
  const [first] = roles;
  if (first === undefined) return undefined;
  return (
    `The login ${login} needs the role ${[...roles].join(' or ')}: name a login of that role in CARDGENIUS_DATABASE_URL, or have a DBA run ` +
    `${join(first)} (where it has the role: ${GRANTS[dialect].path}, again)`
  );
}
