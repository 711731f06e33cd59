/** FreeTDS' tsql: a client that is not ours, as a DBA would take one. Tests say so and are skipped where it is missing. */
import { execFileSync, spawnSync } from 'node:child_process';

export function hasTsql(): boolean {
  try {
    execFileSync('tsql', ['-C'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

export const NO_TSQL = 'NO TSQL: apt-get install freetds-bin. THE TESTS WITH A FOREIGN CLIENT ARE SKIPPED.';

/** Feeds a script to tsql; what it said on stdout and stderr. */
export function tsql(databaseUrl: string, script: string): string {
  const url = new URL(databaseUrl);
  const login = ['-U', decodeURIComponent(url.username), '-P', decodeURIComponent(url.password)];
  const place = ['-H', url.hostname, '-p', url.port || '1433', '-D', url.pathname.slice(1)];
  const { stdout, stderr } = spawnSync('tsql', ['-o', 'q', ...place, ...login], { input: script, encoding: 'utf8' });
  return `${stdout}${stderr}`;
}
