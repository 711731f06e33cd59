/**
 * A clone runs its sources, an installed package runs dist/: Node strips no types in node_modules. So package.json differs by its entries,
 * and loses what only a clone can use. `write` makes it so before npm packs, `restore` brings the clone's own back afterwards.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MANIFEST = join(import.meta.dirname, '../package.json');
const KEPT = join(import.meta.dirname, '../.package.json.kept');

type Manifest = Record<string, unknown> & { bin: Record<string, string>; exports: Record<string, string> };

/** What stands in the package: compiled entries with their types. */
export function packedManifest(manifest: Manifest): Record<string, unknown> {
  const { scripts: _scripts, devDependencies: _dev, ava: _ava, allowScripts: _allow, ...rest } = manifest;
  const compiled = (path: string) => path.replace(/^\.\/src\/(.+)\.ts$/, './dist/$1');
  return {
    ...rest,
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, `${compiled(path)}.js`])),
    exports: {
      ...Object.fromEntries(
        Object.entries(manifest.exports).map(([name, path]) => [
          name,
          { types: `${compiled(path)}.d.ts`, default: `${compiled(path)}.js` },
        ]),
      ),
      './package.json': './package.json',
    },
  };
}

if (import.meta.main) {
  if (process.argv[2] === 'restore') {
    if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
  } else {
    if (existsSync(KEPT)) renameSync(KEPT, MANIFEST); // an npm pack that was killed
    const text = readFileSync(MANIFEST, 'utf8');
    writeFileSync(KEPT, text);
    writeFileSync(MANIFEST, `${JSON.stringify(packedManifest(JSON.parse(text)), null, 2)}\n`);
  }
}
