import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packedManifest } from '../../scripts/packed-manifest.ts';
import { notesOf } from '../../scripts/release-notes.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const MANIFEST = JSON.parse(read('package.json'));

test('the notes of a release are its part of the changelog', t => {
  const changelog =
    '# Changes\n\n## [Unreleased]\n\nNew.\n\n## [1.1.0] - 2026-11-23\n\n### Added\n\n- A.\n\n## [1.0.0]\n\n- B.\n';
  t.is(notesOf(changelog, '1.1.0'), '### Added\n\n- A.');
  t.is(notesOf(changelog, '1.0.0'), '- B.');
  t.throws(() => notesOf(changelog, '1.2.0'), { message: /says nothing about 1\.2\.0/ });
  t.true(notesOf(read('CHANGELOG.md'), MANIFEST.version).length > 0);
});

test('workflows call scripts and files that are there, and give no more rights than they need', t => {
  for (const name of readdirSync(join(ROOT, '.github/workflows'))) {
    const text = read(`.github/workflows/${name}`);
    for (const [, script] of text.matchAll(/npm run (?:-s )?([\w:]+)/g)) t.true(script! in MANIFEST.scripts, script);
    for (const [path] of text.matchAll(/\b(scripts|deploy)\/[\w.-]+/g)) t.notThrows(() => read(path), path);
    t.regex(text, /^permissions:\n {2}contents: read$/m, name);
    t.notRegex(
      text,
      /run: .*\$\{\{ *(github\.(ref_name|event|head_ref)|inputs)/,
      `${name}: words of others in a shell line`,
    );
  }
});

test('the image of the Kubernetes manifests is this version, in the registry that the release pushes to', t => {
  t.regex(read('.github/workflows/release.yml'), /images: ghcr\.io\/\$\{\{ github\.repository \}\}\n/);
  // OWNER/REPO is no name of an image: a manifest that nobody has put theirs into pulls nothing of a stranger's.
  for (const name of ['backfill', 'deployment', 'migrate'])
    t.true(read(`deploy/kubernetes/${name}.yaml`).includes(`image: ghcr.io/OWNER/REPO:${MANIFEST.version}\n`), name);
  t.true(read('docs/operations.md').includes('`ghcr.io/OWNER/REPO`'));
});

test('what is packed runs dist/, with types, and takes nothing that only a clone has', t => {
  const packed = packedManifest(MANIFEST);
  t.deepEqual(packed.bin, { cardgenius: './dist/cli/main.js' });
  t.like(packed.exports, { '.': { types: './dist/index.d.ts', default: './dist/index.js' } });
  for (const key of ['scripts', 'devDependencies', 'ava']) t.false(key in packed, key);
  t.true(packed.private, 'nobody publishes it by accident');
});
