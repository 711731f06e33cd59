/** The documents as tests read them: their commands, links and anchors. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Document {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
  /** Of its first line within the document, from 1. */
  readonly line: number;
}

export interface DocumentCommand {
  readonly path: string;
  readonly line: number;
  /** As a shell would take it, without comment and prompt. */
  readonly text: string;
  /** A line of a fenced block, or words in the text. */
  readonly isBlock: boolean;
  /** What the block shows as the command's answer, after a `$` prompt. */
  readonly answer: readonly string[];
}

const PROGRAMS =
  'cardgenius|\\./cardgenius|npm|npx|node|node_modules/.bin/node|docker|sqlcmd|tsql|kubectl|export|printf|systemctl|gh|promtool|mkdir|cp';
const STARTS = new RegExp(`^(?:[A-Z_]+=\\S+ )*(?:${PROGRAMS})(?= |$)`);

export function readDocuments(): Document[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', 'SECURITY.md', ...inDocs.sort()].map(path => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, blocks: blocksOf(text) };
  });
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^ *```(\w*)\n(.*?)^ *```$/gms)].map(match => ({
    language: match[1]!,
    lines: match[2]!.trimEnd().split('\n'),
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

/** Every command of a document: in blocks, in words, and in tables. */
export function commandsOf({ path, text, blocks }: Document): DocumentCommand[] {
  const found: DocumentCommand[] = [];
  for (const { language, lines, line } of blocks) {
    if (!['', 'sh', 'console'].includes(language)) continue;
    lines.forEach((raw, i) => {
      const hasPrompt = raw.startsWith('$ ');
      const command = raw
        .replace(/^\$ /, '')
        .replace(/\s+#.*$/, '')
        .trim();
      if (!STARTS.test(command) || (!hasPrompt && lines.some(other => other.startsWith('$ ')))) return;
      const after = lines.slice(i + 1);
      const end = after.findIndex(other => other.startsWith('$ '));
      const answer = hasPrompt ? after.slice(0, end < 0 ? undefined : end) : [];
      for (const part of command.split(' && ')) found.push({ path, line: line + i, text: part, isBlock: true, answer });
    });
  }
  const words = withoutBlocks(text);
  for (const match of words.matchAll(/`([^`\n]+)`/g)) {
    const command = match[1]!.replaceAll('\\|', '|');
    if (!STARTS.test(command) || command === command.split(' ')[0]) continue;
    const line = words.slice(0, match.index).split('\n').length;
    for (const part of command.split(' && ')) found.push({ path, line, text: part, isBlock: false, answer: [] });
  }
  return found;
}

/** The text with its fenced blocks empty; lines keep their numbers. */
function withoutBlocks(text: string): string {
  return text.replace(/^ *```\w*\n.*?^ *```$/gms, block => block.replace(/[^\n]/g, ''));
}

export interface Link {
  readonly path: string;
  readonly line: number;
  readonly target: string;
}

export function linksOf({ path, text }: Document): Link[] {
  const words = withoutBlocks(text).replace(/`[^`\n]*`/g, code => ' '.repeat(code.length));
  return [...words.matchAll(/(?:\]\(|<img src=")([^)"\s]+)[)"]/g)].map(match => ({
    path,
    line: words.slice(0, match.index).split('\n').length,
    target: match[1]!,
  }));
}

/** The anchors that GitHub makes of a document's headings. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = slug;
    for (let n = 1; anchors.has(unique); n++) unique = `${slug}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
