/** The part of CHANGELOG.md that a tag names, for the release's text. Fails where tag, package.json and CHANGELOG.md do not agree. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Throws where the changelog has no part of that version, or an empty one, or where something is left under Unreleased. */
export function notesOf(changelog: string, version: string): string {
  const notes = partOf(changelog, version);
  if (notes === '') throw new Error(`CHANGELOG.md says nothing about ${version}.`);
  if (partOf(changelog, 'Unreleased') !== '')
    throw new Error(`CHANGELOG.md has more under Unreleased: it belongs to ${version}, or to a version to come.`);
  return notes;
}

/** What stands under a heading of the changelog; empty where there is none. */
export function partOf(changelog: string, name: string): string {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find(text => text.startsWith(`[${name}]`));
  return part?.slice(part.indexOf('\n')).trim() ?? '';
}

if (import.meta.main) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const tag = process.argv[2];
  if (tag !== `v${version}`) throw new Error(`The tag ${tag} is not v${version} of package.json.`);
  console.log(notesOf(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), version));
}
