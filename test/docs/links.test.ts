import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { anchorsOf, linksOf, ROOT, readDocuments } from './documents.ts';

const DOCUMENTS = readDocuments();

test('every link leads to a file and a heading that exist', t => {
  const links = DOCUMENTS.flatMap(linksOf);
  const inside = links.filter(({ target }) => !/^[a-z]+:/.test(target));
  for (const { path, line, target } of inside) {
    const [file, anchor] = target.split('#') as [string, string | undefined];
    const place = file === '' ? path : normalize(join(dirname(path), file));
    t.true(existsSync(join(ROOT, place)), `${path}:${line} leads to ${place}, which is not there`);
    if (anchor === undefined || !existsSync(join(ROOT, place))) continue;
    t.true(anchorsOf(readFileSync(join(ROOT, place), 'utf8')).has(anchor), `${path}:${line}: no heading #${anchor}`);
  }
  const addresses = links.filter(link => !inside.includes(link));
  for (const { path, line, target } of addresses) t.true(URL.canParse(target), `${path}:${line}: ${target}`);
  t.log(`${links.length} links: ${inside.length} to files and headings here, ${addresses.length} to addresses`);
});

test('every document is reached from the README', t => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const document = DOCUMENTS.find(other => other.path === path);
    for (const { target } of document === undefined ? [] : linksOf(document)) {
      if (!/^[a-z]+:/.test(target)) reached.add(normalize(join(dirname(path), target.split('#')[0]!)));
    }
  }
  t.deepEqual(
    DOCUMENTS.map(({ path }) => path).filter(path => !reached.has(path)),
    [],
  );
});

test('files and folders that the documents name in words are there', t => {
  const named = DOCUMENTS.flatMap(({ path, text }) =>
    [
      ...text.matchAll(/`((?:src|sql|migrations|queries|deploy|docs|test|bench|examples|scripts|catalog)\/[\w./-]+)`/g),
    ].map(([, name]) => ({ path, name: name! })),
  );
  t.true(named.length > 0);
  const placeholder = /\bNAME\b/;
  for (const { path, name } of named.filter(({ name }) => !placeholder.test(name)))
    t.true(existsSync(join(ROOT, name)), `${path} names ${name}`);
});

test('documents and headings that messages and deployment files name are there', async t => {
  const files = [
    'src/**/*.{ts,js,html}',
    'deploy/**/*.{yml,yaml,service,ts,sh,sql}',
    'examples/*.ts',
    'cron.config.ts',
  ];
  let found = 0;
  for await (const path of glob(files, { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const [named, place, anchor] of text.matchAll(
      /\b((?:docs\/)[\w/-]+\.md|(?:README|SECURITY|CONTRIBUTING)\.md)(?:#([\w-]+))?/g,
    )) {
      found++;
      t.true(existsSync(join(ROOT, place!)), `${path} names ${named}`);
      if (anchor === undefined || !existsSync(join(ROOT, place!))) continue;
      t.true(anchorsOf(readFileSync(join(ROOT, place!), 'utf8')).has(anchor), `${path} names ${named}`);
    }
  }
  t.true(found > 10, String(found));
});
