import { createHash } from 'node:crypto';
import { createBuiltInEngine } from '../../engine/built-in.ts';
import { nameOf } from '../../engine/card-terms.ts';
import { type CatalogInspection, inspectCatalog, readCatalogFile } from '../../engine/catalog.ts';
import type { CatalogFile } from '../../engine/catalog-schema.ts';
import { messageOf } from '../../model/errors.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { generatedUsers } from './generated-users.ts';
import { type Doubt, implausibleFigures, namesOutsideVarchar, noteContradictions, similarNames } from './warnings.ts';

export type FindingKind =
  | 'text'
  | 'schema'
  | 'rule'
  | 'mark'
  | 'stale'
  | 'sources'
  | 'names'
  | 'note'
  | 'figures'
  | 'dominates'
  | 'never-ranks';

export interface Finding {
  /** Errors keep a catalogue from being loaded; warnings are for its maintainer. */
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
  const bytes = await readCatalogFile(path);
  let inspected: CatalogInspection;
  try {
    inspected = inspectCatalog(bytes, path);
  } catch (error) {
    const finding = wrong('schema', undefined, 'the whole', messageOf(error));
    return { version: undefined, cards: 0, open: 0, users: 0, findings: [finding] };
  }
  const { file, json, hasMark } = inspected;
  const faults = firstOfField(inspected.faults.map(({ kind, card, field, fault }) => wrong(kind, card, field, fault)));
  const mark = hasMark
    ? [warning('mark', undefined, 'the whole', 'starts with a byte order mark (BOM): save it as UTF-8 without one')]
    : [];
  if (file === undefined) {
    const cards = (json as { cards?: unknown } | null)?.cards;
    const list: readonly { status?: unknown }[] = Array.isArray(cards) ? cards : [];
    const open = list.filter(card => card?.status === 'open').length;
    return { version: undefined, cards: list.length, open, users: 0, findings: [...faults, ...mark] };
  }
  const warnings = file.cards.flatMap(card => [
    ...staleness(card, options.now),
    ...(card.terms.sources.length === 0
      ? [warning('sources', card.id, 'terms.sources', 'no source is named: the card cannot be checked')]
      : []),
  ]);
  const doubts = (kind: FindingKind, list: readonly Doubt[]) =>
    list.map(({ card, field, message }) => warning(kind, card, field, message));
  return {
    version: file.version,
    cards: file.cards.length,
    open: file.cards.filter(card => card.status === 'open').length,
    users: faults.length > 0 ? 0 : options.users,
    findings: [
      ...faults,
      ...mark,
      ...warnings,
      ...doubts('names', [...similarNames(file), ...namesOutsideVarchar(file)]),
      ...doubts('note', noteContradictions(file)),
      ...doubts('figures', implausibleFigures(file)),
      ...(faults.length > 0 ? [] : await rankings(file, bytes, options)),
    ],
  };
}

/** The findings that another report, of the catalogue before, does not have. */
export function newFindings(report: CatalogReport, before: CatalogReport): readonly Finding[] {
  const known = new Set(before.findings.map(finding => JSON.stringify(finding)));
  return report.findings.filter(finding => !known.has(JSON.stringify(finding)));
}

const wrong = (kind: FindingKind, card: string | undefined, field: string, message: string): Finding => ({
  level: 'error',
  kind,
  card,
  field,
  message,
});
const warning = (kind: FindingKind, card: string | undefined, field: string, message: string): Finding => ({
  level: 'warning',
  kind,
  card,
  field,
  message,
});

/** A negative amount breaks two rules at once: one line for a field is enough. */
function firstOfField(findings: readonly Finding[]): Finding[] {
  const keys = findings.map(({ card, field }) => `${card}\n${field}`);
  return findings.filter((_, i) => keys.indexOf(keys[i]!) === i);
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

/** Open cards that are never among the ten, and one that is first for more than half of the users. */
async function rankings(data: CatalogFile, bytes: Buffer, options: CheckOptions): Promise<Finding[]> {
  const { users, maxMonthlySpend } = options;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const engine = createBuiltInEngine({ catalog: { cards: data.cards, rules: data.rules, sha256 }, maxMonthlySpend });
  const { cardNo } = await engine.recommend(generatedUsers(users, maxMonthlySpend));
  const seen = new Set(cardNo);
  const ids = new Map(data.cards.map(card => [nameOf(card), card.id]));
  const firsts = new Map<number, number>();
  for (let row = 0; row < cardNo.length; row += CARDS_PER_USER) {
    firsts.set(cardNo[row]!, (firsts.get(cardNo[row]!) ?? 0) + 1);
  }
  const served = cardNo.length / CARDS_PER_USER;
  return engine.cards.flatMap(({ name, cardNo: no }) => {
    const first = firsts.get(no) ?? 0;
    if (first > served / 2) {
      const share = Math.round((100 * first) / served);
      const message = `first for ${share} % of ${served} generated users: are its rates, caps and fee right?`;
      return [warning('dominates', ids.get(name)!, 'the whole', message)];
    }
    if (seen.has(no)) return [];
    const message = `not among the ten cards of any of ${users} generated users`;
    return [warning('never-ranks', ids.get(name)!, 'the whole', message)];
  });
}
