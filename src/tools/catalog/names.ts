/** Display names from a list: what users are shown in place of a card's name. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parse } from 'fast-csv';
import { parseCatalog, readCatalogFile } from '../../engine/catalog.ts';
import { type Card, catalogSchema } from '../../engine/catalog-schema.ts';
import { readCatalogText } from '../../engine/catalog-text.ts';
import { UsageError, unreadable } from '../../model/errors.ts';
import { foldName } from '../../model/format.ts';

export interface NamesReport {
  /** Cards whose display name is new, another one, or taken away. */
  readonly set: readonly {
    readonly card: string;
    readonly before: string | undefined;
    readonly after: string | undefined;
  }[];
  readonly unchanged: number;
}

interface Line {
  readonly lineNo: number;
  readonly card: string;
  readonly displayName: string;
}

/**
 * Sets the display names that a CSV lists (columns `card` and `display_name`; a card is named by id, by name, or by what CardGenius
 * calls it; an empty display name takes the old one away) and writes the catalogue to `out`. Nothing is written where a line is
 * wrong or the catalogue that results is: UsageError (NAMES_…, CATALOG_…).
 */
export async function setDisplayNames(catalogPath: string, csvPath: string, out: string): Promise<NamesReport> {
  const bytes = await readCatalogFile(catalogPath);
  parseCatalog(bytes, catalogPath);
  const json = readCatalogText(bytes).json as { cards: { id: string; displayName?: string }[] };
  const { cards } = catalogSchema.parse(json);
  const set: { card: string; before: string | undefined; after: string | undefined }[] = [];
  const seen = new Map<string, number>();
  let unchanged = 0;
  for (const { lineNo, card: wanted, displayName } of await readLines(csvPath)) {
    const found = findCard(cards, wanted);
    if (typeof found === 'string')
      throw new UsageError('NAMES_CARD', `Line ${lineNo} of ${csvPath}: ${found} Nothing was written.`);
    if (seen.has(found.id)) {
      const fault = `names ${found.id}, as line ${seen.get(found.id)} does`;
      throw new UsageError(
        'NAMES_CARD',
        `Line ${lineNo} of ${csvPath} ${fault}. Leave one of them out. Nothing was written.`,
      );
    }
    seen.set(found.id, lineNo);
    const index = cards.indexOf(found);
    const after = displayName === '' ? undefined : displayName;
    if (found.displayName === after) {
      unchanged++;
      continue;
    }
    set.push({ card: found.id, before: found.displayName, after });
    json.cards[index] = withDisplayName(json.cards[index]!, after);
  }
  const text = `${JSON.stringify(json, null, 2)}\n`;
  parseCatalog(Buffer.from(text), out);
  await writeFile(out, text);
  return { set, unchanged };
}

/** The card with its display name where a reader looks for it: below its name. */
function withDisplayName<T extends object>(card: T, displayName: string | undefined): T {
  const entries = Object.entries(card).filter(([key]) => key !== 'displayName');
  const at = entries.findIndex(([key]) => key === 'name') + 1;
  if (displayName !== undefined) entries.splice(at, 0, ['displayName', displayName]);
  return Object.fromEntries(entries) as T;
}

/** The card, or the sentence that says why it was not found. */
function findCard(cards: readonly Card[], wanted: string): Card | string {
  const text = foldName(wanted);
  for (const named of [
    (card: Card) => card.id,
    (card: Card) => card.name,
    (card: Card) => card.cardGenius?.name ?? '',
    (card: Card) => String(card.cardGenius?.id ?? ''),
  ]) {
    const found = cards.filter(card => foldName(named(card)) === text);
    if (found.length === 1) return found[0]!;
    if (found.length > 1)
      return `"${wanted}" is ${found.length} cards: ${found.map(card => card.id).join(', ')}; name one by its id.`;
  }
  return `the catalogue has no card "${wanted}"; name it by its id.`;
}

async function readLines(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  let columns: { card: number; displayName: number } | undefined;
  let lineNo = 0;
  try {
    const rows = parse<string[], string[]>({ headers: false, ignoreEmpty: false });
    createReadStream(path)
      .on('error', error => rows.destroy(error)) // pipe does not hand errors on
      .pipe(rows);
    for await (const cells of rows as AsyncIterable<string[]>) {
      lineNo++;
      if (cells.every(cell => cell.trim() === '')) continue;
      if (columns === undefined) {
        columns = columnsOf(path, cells);
        continue;
      }
      const card = cells[columns.card]?.trim() ?? '';
      if (card === '')
        throw new UsageError('NAMES_CARD', `Line ${lineNo} of ${path} names no card. Nothing was written.`);
      lines.push({ lineNo, card, displayName: cells[columns.displayName]?.trim() ?? '' });
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('NAMES_UNREADABLE', `${path} ${unreadable(error)}. Name a CSV file.`, {
      cause: error,
    });
  }
  if (columns === undefined) throw new UsageError('NAMES_UNREADABLE', `${path} is empty. ${EXPECTED}`);
  return lines;
}

const EXPECTED = 'Its first line must name the columns card and display_name.';

function columnsOf(path: string, header: readonly string[]): { card: number; displayName: number } {
  const names = header.map(name =>
    name
      .replace(/^\uFEFF/, '')
      .trim()
      .toLowerCase(),
  );
  const [card, displayName] = [names.indexOf('card'), names.indexOf('display_name')];
  if (card < 0 || displayName < 0) throw new UsageError('NAMES_UNREADABLE', `${path} has other columns. ${EXPECTED}`);
  return { card, displayName };
}
