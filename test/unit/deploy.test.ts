import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { KEYS } from '../../src/config/keys.ts';
import { RULES } from '../../src/monitor/alerts/rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const FILES = readdirSync(join(ROOT, 'deploy'), { recursive: true, encoding: 'utf8' })
  .map(name => `deploy/${name}`)
  .filter(path => statSync(join(ROOT, path)).isFile() && !path.endsWith('sa_password'));

test('every variable that deploy/ names is one that the program reads', t => {
  const known = new Set(KEYS.flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable])));
  for (const name of ['CARDGENIUS_DATABASE_PASSWORD', 'CARDGENIUS_DATABASE_PASSWORD_FILE']) known.add(name);
  for (const path of FILES) {
    const named = [...read(path).matchAll(/\bCARDGENIUS_[A-Z_]+/g)].map(([name]) => name);
    t.deepEqual(
      named.filter(name => !known.has(name)),
      [],
      path,
    );
  }
});

test('the image holds the package with all that npm packs, and no password', t => {
  const dockerfile = read('deploy/Dockerfile');
  const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!);
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const packed = files.map(path => path.split('/')[0]!).filter(path => path !== 'dist');
  // What the build itself reads.
  for (const path of [...packed, 'src', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) {
    t.true(existsSync(join(ROOT, path)), path);
    t.true(allowed.includes(path), `.dockerignore leaves ${path} out`);
  }
  t.regex(read('.dockerignore'), /^deploy\/sa_password$/m);
  t.regex(dockerfile, /^ENTRYPOINT \["node", "dist\/cli\/main\.js"\]$/m);
  t.regex(dockerfile, /^USER node$/m);
  t.regex(dockerfile, /^HEALTHCHECK /m);
});

test('manifests: no root, a read-only file system, no rights, a way to stop in time', t => {
  for (const path of FILES.filter(name => /kubernetes\/(deployment|backfill|migrate)\.yaml$/.test(name))) {
    const text = read(path);
    for (const line of ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'allowPrivilegeEscalation: false']) {
      t.true(text.includes(line), `${path}: ${line}`);
    }
    t.regex(text, /capabilities: \{ drop: \[ALL\] \}/, path);
  }
  t.notRegex(read('deploy/kubernetes/backfill.yaml'), /values: \[[^\]]*\b4\b/, 'work left is no reason to end the job');
});

test('docs/operations.md has a section on every alert', t => {
  const sections = [...read('docs/operations.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  t.deepEqual(sections.sort(), Object.keys(RULES).sort());
});
