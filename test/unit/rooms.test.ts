import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');

/** Of each room, as CONTRIBUTING.md has it, the rooms that it imports. */
function allowedImports(): Map<string, Set<string>> {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const [table] = /^\| room \| imports \|\n(\|.*\n)+/m.exec(text)!;
  const allowed = new Map<string, Set<string>>();
  for (const [, room, imports] of table.matchAll(/^\| `([\w/]+)` \| (.+) \|$/gm)) {
    const named = imports!.match(/(?<=`)[\w/]+(?=`)/g);
    allowed.set(room!, new Set(named));
  }
  return allowed;
}

/** The room of a file: its folder, and for `tools/` and `engine/plugin/` the folder within. */
function roomOf(path: string): string {
  const [room, inner, ...rest] = path.split('/');
  return rest.length > 0 && (room === 'tools' || inner === 'plugin') ? `${room}/${inner}` : room!;
}

/** The same as the code has it, types included. */
function actualImports(): Map<string, Set<string>> {
  const actual = new Map<string, Set<string>>();
  for (const path of globSync('*/**/*.ts', { cwd: join(ROOT, 'src') })) {
    const room = roomOf(path);
    if (!actual.has(room)) actual.set(room, new Set());
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    for (const [, target] of text.matchAll(/(?:\bfrom |\bimport\()'(\.[^']+)'/g)) {
      const file = join(path, '..', target!);
      const other = roomOf(file);
      if (other !== room && other !== '..' && file.includes('/')) actual.get(room)!.add(other);
    }
  }
  return actual;
}

/** An engine and what plugs one in call each other: one floor. */
const floorOf = (room: string) => (room === 'engine/plugin' ? 'engine' : room);

const pairsOf = (rooms: ReadonlyMap<string, ReadonlySet<string>>) =>
  [...rooms].flatMap(([room, others]) => [room, ...[...others].map(other => `${room} → ${other}`)]).sort();

test('the rooms of src/ import one another as CONTRIBUTING.md says, no less and no more', t => {
  t.deepEqual(pairsOf(actualImports()), pairsOf(allowedImports()));
});

test('the imports of the rooms make no circle: each names only rooms above it', t => {
  const above = new Set<string>();
  for (const [room, others] of allowedImports()) {
    for (const other of others) t.true(above.has(other) || floorOf(other) === floorOf(room), `${room} → ${other}`);
    above.add(room);
  }
});
