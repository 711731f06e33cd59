import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createBuiltInEngine } from '../../engine/built-in.ts';
import { nameOf } from '../../engine/card-terms.ts';
import { findFaults } from '../../engine/catalog-rules.ts';
import { type CatalogFile, catalogSchema } from '../../engine/catalog-schema.ts';
import { messageOf, UsageError } from '../../model/errors.ts';
import { generatedUsers } from './generated-users.ts';

export type FindingKind = 'schema' | 'rule' | 'stale' | 'sources' | 'never-ranks';

export interface Finding {
  /** Errors keep a catalogue from being loaded; warnings are for whoever looks after it. */
  readonly level: 'error' | 'warning';
  readonly kind: FindingKind;
  /** The card's id; undefined for the catalogue as a whole. */
  readonly card: string | undefined;
  readonly field: string;
  readonly message: string;
}

export interface CatalogReport {
  readonly version: string | undefined;
  readonly cards: number;
  readonly open: number;
  /** Generated users that were ranked; 0 where the catalogue is too wrong for it. */
  readonly users: number;
  readonly findings: readonly Finding[];
}

export interface CheckOptions {
  readonly users: number;
  readonly now: Date;
  /** Paise. */
  readonly maxMonthlySpend: number;
}

/** Checks a catalogue and reports all that is found. Throws UsageError only where the file cannot be read. */
export async function checkCatalog(path: string, options: CheckOptions): Promise<CatalogReport> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UsageError(
      'CATALOG_UNREADABLE',
      `The catalogue ${path} cannot be read: ${messageOf(error)}. Name a file like catalog/cards.json.`,
      { cause: error },
    );
  });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const finding = wrong('schema', undefined, 'the whole', `is not JSON: ${messageOf(error)}`);
    return { version: undefined, cards: 0, open: 0, users: 0, findings: [finding] };
  }
  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success) return unparsed(json, parsed.error.issues);

  const { data } = parsed;
  const faults = findFaults(data).map(({ card, field, fault }) => wrong('rule', card, field, fault));
  const warnings = data.cards.flatMap(card => [
    ...staleness(card, options.now),
    ...(card.terms.sources.length === 0
      ? [warning('sources', card.id, 'terms.sources', 'no source is named: nobody can check this card')]
      : []),
  ]);
  const idle = faults.length > 0 ? [] : await neverRanking(data, bytes, options);
  return {
    version: data.version,
    cards: data.cards.length,
    open: data.cards.filter(card => card.status === 'open').length,
    users: faults.length > 0 ? 0 : options.users,
    findings: [...faults, ...warnings, ...idle],
  };
}

const wrong = (kind: FindingKind, card: string | undefined, field: string, message: string): Finding => ({
  level: 'error',
  kind,
  card,
  field,
  message,
});
const warning = (kind: FindingKind, card: string, field: string, message: string): Finding => ({
  level: 'warning',
  kind,
  card,
  field,
  message,
});

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function unparsed(json: unknown, issues: readonly Issue[]): CatalogReport {
  const cards = (json as { cards?: unknown } | null)?.cards;
  const list: readonly { id?: unknown; status?: unknown }[] = Array.isArray(cards) ? cards : [];
  const findings = issues.map(({ path, message }) => {
    const isCard = path[0] === 'cards' && typeof path[1] === 'number';
    const id = isCard ? String(list[path[1] as number]?.id ?? `number ${Number(path[1]) + 1}`) : undefined;
    return wrong(
      'schema',
      id,
      path
        .slice(isCard ? 2 : 0)
        .map(String)
        .join('.') || 'the whole',
      message,
    );
  });
  // A negative amount breaks two rules at once: one line for a field is enough.
  const first = (finding: Finding, i: number) =>
    findings.findIndex(other => other.card === finding.card && other.field === finding.field) === i;
  const open = list.filter(card => card?.status === 'open').length;
  return { version: undefined, cards: list.length, open, users: 0, findings: findings.filter(first) };
}

/** Terms are stale a year after the end of the year, month or day that their date names. */
function staleness({ id, status, terms }: CatalogFile['cards'][number], now: Date): Finding[] {
  if (status !== 'open') return [];
  const end = endOf(terms.asOf);
  if (end === undefined) {
    return [warning('stale', id, 'terms.asOf', `"${terms.asOf}" is no date like 2026, 2026-04 or 2026-04-12`)];
  }
  const staleFrom = new Date(end);
  staleFrom.setUTCFullYear(staleFrom.getUTCFullYear() + 1);
  if (now < staleFrom) return [];
  return [
    warning('stale', id, 'terms.asOf', `the terms are of ${terms.asOf}, more than a year ago: look them up again`),
  ];
}

const MONTH_NAMES = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The first moment after the latest date that a text names: `2025`, `2024-25`, `2026-04`, `Apr-2026`, `2026-04-12`. */
function endOf(asOf: string): Date | undefined {
  const ends: number[] = [];
  const take = (pattern: RegExp, text: string, end: (parts: RegExpExecArray) => number) =>
    text.replace(pattern, (...match) => {
      ends.push(end(match as unknown as RegExpExecArray));
      return ' ';
    });
  // The most exact first; what one has taken, the next does not see.
  let rest = take(/\b(20\d\d)-(0[1-9]|1[0-2])-([0-3]\d)\b/g, asOf, m =>
    Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + 1),
  );
  rest = take(/\b([A-Z][a-z]{2})-(20\d\d)\b/g, rest, m =>
    Date.UTC(Number(m[2]), MONTH_NAMES.indexOf(m[1]!.toLowerCase()) + 1),
  );
  rest = take(/\b(20\d\d)-(0[1-9]|1[0-2])\b/g, rest, m => Date.UTC(Number(m[1]), Number(m[2])));
  rest = take(/\b20\d\d-(\d\d)\b/g, rest, m => Date.UTC(2_001 + Number(m[1]), 0));
  take(/\b(20\d\d)\b/g, rest, m => Date.UTC(Number(m[1]) + 1, 0));
  return ends.length === 0 ? undefined : new Date(Math.max(...ends));
}

/** Open cards that stand among nobody's ten. */
async function neverRanking(data: CatalogFile, bytes: Buffer, options: CheckOptions): Promise<Finding[]> {
  const { users, maxMonthlySpend } = options;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const engine = createBuiltInEngine({ catalog: { cards: data.cards, rules: data.rules, sha256 }, maxMonthlySpend });
  const { cardNo } = await engine.recommend(generatedUsers(users, maxMonthlySpend));
  const seen = new Set(cardNo);
  const ids = new Map(data.cards.map(card => [nameOf(card), card.id]));
  return engine.cards
    .filter(card => !seen.has(card.cardNo))
    .map(({ name }) =>
      warning('never-ranks', ids.get(name)!, 'the whole', `not among the ten cards of any of ${users} generated users`),
    );
}
