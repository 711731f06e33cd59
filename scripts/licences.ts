/** The licences of everything that is installed with the package, direct or not. `npm run licences`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Licences that may be shipped with MIT code: all let it be used and passed on under its own terms. */
export const COMPATIBLE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'MIT-0',
]);

export interface Licensed {
  readonly name: string;
  readonly version: string;
  /** As SPDX says it; undefined where the package does not say. */
  readonly licence: string | undefined;
}

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
}

/** Read from the lock file, and from what is installed where the lock does not say. */
export function productionLicences(): Licensed[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, license }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version,
      licence: license ?? licenceOf(join(ROOT, path, 'package.json')),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function licenceOf(path: string): string | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).license : undefined;
}

/** `(MIT OR Apache-2.0)` lets one choose; `AND` does not. */
export function isCompatible(licence: string | undefined): boolean {
  if (licence === undefined) return false;
  const alternatives = licence.replace(/[()]/g, '').split(' OR ');
  return alternatives.some(one => one.split(' AND ').every(name => COMPATIBLE.has(name.trim())));
}

if (import.meta.main) {
  const all = productionLicences();
  for (const { name, version, licence } of all) console.log(`${licence ?? 'UNKNOWN'}\t${name} ${version}`);
  const others = all.filter(({ licence }) => !isCompatible(licence));
  console.log(`\n${all.length} packages, ${others.length} with a licence to look at`);
  process.exitCode = others.length === 0 ? 0 : 1;
}
