import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isCompatible, productionLicences } from '../../scripts/licences.ts';
import { ROOT } from './documents.ts';

test('everything that is installed with the package has a licence that goes with MIT', t => {
  const all = productionLicences();
  t.true(all.length > 10);
  t.deepEqual(
    all.filter(({ licence }) => !isCompatible(licence)),
    [],
  );
  const counts = Map.groupBy(all, ({ licence }) => licence!);
  t.log(`${all.length} packages: ${[...counts].map(([name, of]) => `${of.length} ${name}`).join(', ')}`);
});

test('a licence that asks for more does not pass', t => {
  for (const licence of ['GPL-3.0', 'MIT AND GPL-2.0-only', 'UNLICENSED', undefined]) t.false(isCompatible(licence));
  for (const licence of ['MIT', '(MIT OR GPL-2.0-only)', 'MIT AND ISC']) t.true(isCompatible(licence));
});

test('every dependency has its reason in CONTRIBUTING, and no other stands there', t => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, section] = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').split('\n## Dependencies\n');
  const named = [...section!.split('\n## ')[0]!.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  t.deepEqual(named.sort(), Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort());
});
