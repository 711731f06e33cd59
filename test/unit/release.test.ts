import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { packedManifest } from '../../scripts/packed-manifest.ts';
import { notesOf, partOf } from '../../scripts/release-notes.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const MANIFEST = JSON.parse(read('package.json'));

test('the notes of a release are its part of the changelog', t => {
  const released = '## [1.1.0] - 2026-11-23\n\n### Added\n\n- A.\n\n## [1.0.0]\n\n- B.\n';
  const changelog = `# Changes\n\n## [Unreleased]\n\n${released}`;
  t.is(notesOf(changelog, '1.1.0'), '### Added\n\n- A.');
  t.is(notesOf(changelog, '1.0.0'), '- B.');
  t.throws(() => notesOf(changelog, '1.2.0'), { message: /says nothing about 1\.2\.0/ });
  t.is(notesOf(`# Changes\n\n${released}`, '1.1.0'), '### Added\n\n- A.');
  const more = { message: /has more under Unreleased/ };
  t.throws(() => notesOf(changelog.replace('[Unreleased]', '[Unreleased]\n\n- C.'), '1.1.0'), more);
});

test('the version: the same wherever it stands, and told of in the changelog, or to be', t => {
  const { version } = MANIFEST;
  const lock = JSON.parse(read('package-lock.json'));
  t.deepEqual([lock.version, lock.packages[''].version], [version, version]);
  for (const path of ['docs/install.md', 'SECURITY.md']) {
    const named = [...read(path).matchAll(/cardgenius-batch-(\d[\w.]*)\.tgz/g)].map(([, name]) => name);
    t.true(named.length > 0 && named.every(name => name === version), path);
  }
  const changelog = read('CHANGELOG.md');
  t.true(partOf(changelog, version) !== '' || partOf(changelog, 'Unreleased') !== '');
});

test('a release is of a commit on main that passed all that continuous integration looks at', t => {
  const { on, jobs } = parse(read('.github/workflows/ci.yml'));
  t.true('workflow_call' in on);
  for (const name of ['test', 'sql-server', 'browser', 'image', 'audit']) t.true(name in jobs, name);
  const release = parse(read('.github/workflows/release.yml')).jobs;
  t.is(release.checks.uses, './.github/workflows/ci.yml');
  t.is(release.package.needs, 'checks');
  t.is(release.image.needs, 'package');
  const steps = release.package.steps as { run?: string; with?: Record<string, unknown> }[];
  t.true(steps.some(({ run }) => run === 'git merge-base --is-ancestor "$GITHUB_SHA" origin/main'));
  t.is(steps[0]!.with?.['fetch-depth'], 0, 'or main is not there to ask');
});

test('updates come for the image and for compose, and propose no Node that package.json does not have', t => {
  const updates = parse(read('.github/dependabot.yml')).updates as { [key: string]: unknown }[];
  const of = (ecosystem: string) => updates.find(update => update['package-ecosystem'] === ecosystem)!;
  t.is(of('docker-compose').directory, '/deploy');
  const node = [{ 'dependency-name': 'node', 'update-types': ['version-update:semver-major'] }];
  t.deepEqual(of('docker').ignore, node);
  t.true((of('npm').ignore as object[]).some(entry => JSON.stringify(entry) === JSON.stringify(node[0])));
});

test('one SQL Server: the compose file, continuous integration and the tests start the same', t => {
  const named = ['deploy/compose.yaml', '.github/workflows/ci.yml', 'test/support/sql-server.ts'].map(
    path => /mcr\.microsoft\.com\/mssql\/server:[\w.-]+/.exec(read(path))?.[0],
  );
  t.is(new Set(named).size, 1, named.join(', '));
});

test('workflows call scripts and files that are there, and give no more rights than they need', t => {
  for (const name of readdirSync(join(ROOT, '.github/workflows'))) {
    const text = read(`.github/workflows/${name}`);
    for (const [, script] of text.matchAll(/npm run (?:-s )?([\w:]+)/g)) t.true(script! in MANIFEST.scripts, script);
    for (const [path] of text.matchAll(/\b(scripts|deploy)\/[\w.-]+/g)) t.notThrows(() => read(path), path);
    t.regex(text, /^permissions:\n {2}contents: read$/m, name);
    for (const [, action] of text.matchAll(/uses: (\S+)/g))
      t.regex(action!, /^((actions|github|docker)\/|\.\/)/, `${name}: SECURITY.md says whose actions are used`);
    t.notRegex(
      text,
      /run: .*\$\{\{ *(github\.(ref_name|event|head_ref)|inputs)/,
      `${name}: words of others in a shell line`,
    );
  }
});

test('the image of the Kubernetes manifests is this version, in the registry that the release pushes to', t => {
  t.regex(read('.github/workflows/release.yml'), /images: ghcr\.io\/\$\{\{ github\.repository \}\}\n/);
  // OWNER/REPO is no name of an image: a manifest without an owner's name pulls nothing of a stranger's.
  for (const name of ['backfill', 'deployment', 'migrate'])
    t.true(read(`deploy/kubernetes/${name}.yaml`).includes(`image: ghcr.io/OWNER/REPO:${MANIFEST.version}\n`), name);
  t.true(read('docs/operations.md').includes('`ghcr.io/OWNER/REPO`'));
});

test('what is packed runs dist/, with types, and takes nothing that only a clone has', t => {
  const packed = packedManifest(MANIFEST);
  t.deepEqual(packed.bin, { cardgenius: './dist/cli/main.js' });
  t.like(packed.exports, { '.': { types: './dist/index.d.ts', default: './dist/index.js' } });
  for (const key of ['scripts', 'devDependencies', 'ava']) t.false(key in packed, key);
  t.true(packed.private, 'no person publishes it by accident');
});
