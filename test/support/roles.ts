/** Logins that have one role of deploy/sql/grants.sql each, and nothing else. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type SqlServer, type TestDatabase } from './sql-server.ts';

const GRANTS = join(import.meta.dirname, '../../deploy/sql/grants.sql');

/** Runs grants.sql, statement by statement; answers those that the engine does not know. */
export async function applyGrants(place: TestDatabase): Promise<string[]> {
  const text = (await readFile(GRANTS, 'utf8')).replace(/^(--.*|GO)$/gm, '');
  const refused: string[] = [];
  for (const statement of text.split(';').map(part => part.trim())) {
    if (statement === '') continue;
    await place.execute(statement).catch((error: Error) => {
      if (!/not currently supported/.test(error.message)) throw error;
      refused.push(statement);
    });
  }
  return refused;
}

export interface RoleLogin extends AsyncDisposable {
  readonly url: string;
  readonly user: string;
  execute(text: string): Promise<void>;
}

export async function loginWith(server: SqlServer, place: TestDatabase, role: string): Promise<RoleLogin> {
  const user = `dba_${role.replace('cardgenius_', '')}_${randomBytes(3).toString('hex')}`;
  const password = `Cg1!${randomBytes(9).toString('hex')}`;
  await place.execute(`CREATE LOGIN ${user} WITH PASSWORD = '${password}'`);
  await place.execute(`CREATE USER ${user} FOR LOGIN ${user}`);
  await place.execute(`ALTER ROLE ${role} ADD MEMBER ${user}`);
  const url = new URL(place.url);
  url.username = user;
  url.password = password;
  const pool = await connect(url);
  return {
    url: url.href,
    user,
    execute: async text => void (await pool.request().batch(text)),
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await place.execute(`DROP USER ${user}`).catch(() => {});
      const master = await connect(server.url);
      await master
        .request()
        .batch(`DROP LOGIN ${user}`)
        .catch(() => {}); // its last session may still be on its way out
      await master.close();
    },
  };
}
