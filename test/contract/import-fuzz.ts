import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseString } from 'fast-csv';
import { importSpending } from '../../src/exchange/import-spending.ts';
import { UsageError } from '../../src/model/errors.ts';
import { type ContractEngine, count, reset } from './context.ts';
import type { ContractTests } from './suite.ts';

const COLUMNS = ['user_id', 'avg_amazon_gmv', 'avg_flipkart_gmv', 'avg_myntra_gmv', 'avg_ajio_gmv', 'avg_grocery_gmv'];
const HEADER = [...COLUMNS, 'avg_confirmed_gmv', 'note'].join(',');
const MAX = { maxMonthlySpend: 1_000_000_000 };
const RUNS = { numRuns: 40 };

/** A field: what stands in the file once it is quoted, and what must become of it. Undefined: its row must be rejected. */
interface Field<T> {
  readonly text: string;
  readonly means: T | undefined;
}
const field = <T>(text: string, means: T | undefined): Field<T> => ({ text, means });
const printable = fc.string({ unit: fc.constantFrom(...'aAzZ09 \'"`,;:=+-@#%_|\\/.~'), maxLength: 50 });

const id: fc.Arbitrary<Field<string>> = fc.oneof(
  // The same few again and again, and pairs that differ in case alone: whether these are two is the database's own word.
  { weight: 5, arbitrary: fc.constantFrom('CK1', 'ck1', 'Ck1', 'CK2', 'CK3').map(text => field(text, text)) },
  { weight: 4, arbitrary: printable.map(text => field(text, text.replace(/^ +| +$/g, '') || undefined)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('A'.repeat(50), ` ${'b'.repeat(50)}  `).map(text => field(text, text.trim())),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        '',
        '   ',
        'C'.repeat(51),
        'CK\0',
        '\0',
        'CK\t1',
        'CKé',
        '\u00a0CK1',
        'C\nK',
        'C\r\nK',
        '\uFEFFCK1',
        '😀',
      )
      .map(text => field<string>(text, undefined)),
  },
);
/** Paise; null is an unknown amount. */
const amount: fc.Arbitrary<Field<number | null>> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.integer({ min: 0, max: 1_000_000_000 }).map(paise => field((paise / 100).toFixed(2), paise)),
  },
  { weight: 3, arbitrary: fc.constantFrom('', '  ').map(text => field<number | null>(text, null)) },
  { weight: 2, arbitrary: fc.constantFrom(' 7 ', '7', '7.0', '007').map(text => field<number | null>(text, 700)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('-0.01', '10000000.01', '1e3', '0x1', '1,5', '1.234', 'NaN', '\0', '1\0', '₹5', '.5', '1\n', '=1+1')
      .map(text => field<number | null>(text, text === '1\n' ? 100 : undefined)),
  },
);
const note = fc.constantFrom('', 'plain', 'a "quoted" word', 'two\nlines', 'three\r\n\r\nlines', 'a, comma');
const ending = fc.constantFrom('\n', '\r\n');
const width = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1, 3) });

const row = fc.record({ id, amounts: fc.array(amount, { minLength: 6, maxLength: 6 }), note, width, ending });
const line = fc.oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: ending.map(blank => ({ blank })) });
const file = fc.record({
  bom: fc.boolean(),
  header: ending,
  lines: fc.array(line, { maxLength: 25 }),
  isEnded: fc.boolean(),
});

/** As a careful writer would: quoted where it must be. */
const quoted = (text: string) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

interface ExpectedRow {
  readonly lineNo: number;
  /** Undefined: the row must be rejected. */
  readonly good: { readonly userId: string; readonly amounts: readonly (number | null)[] } | undefined;
}

/** The text of a file, and what each of its rows must become: known from how it was made, not from how it is read. */
function written({ bom, header, lines, isEnded }: typeof file extends fc.Arbitrary<infer T> ? T : never) {
  let text = `${bom ? '\uFEFF' : ''}${HEADER}${header}`;
  let lineNo = 2;
  const rows: ExpectedRow[] = [];
  for (const [index, part] of lines.entries()) {
    let body = '';
    if (!('blank' in part)) {
      const fields = [part.id.text, ...part.amounts.map(({ text: amountText }) => amountText), part.note];
      const all = part.width < 0 ? fields.slice(0, part.width) : [...fields, ...Array<string>(part.width).fill('x')];
      body = all.map(quoted).join(',');
      const amounts = part.amounts.map(({ means }) => means);
      const isGood = part.width === 0 && part.id.means !== undefined && !amounts.includes(undefined);
      const good = { userId: part.id.means!, amounts: amounts as (number | null)[] };
      if (all.some(value => value.trim() !== '')) rows.push({ lineNo, good: isGood ? good : undefined });
    }
    const isLast = index === lines.length - 1;
    text += body + (isLast && !isEnded ? '' : 'blank' in part ? part.blank : part.ending);
    lineNo += 1 + (body.match(/\n/g)?.length ?? 0);
  }
  return { text, rows };
}

async function inFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-import-'));
  try {
    return await work(join(folder, 'spends.csv'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rejectsOf(path: string | null): Promise<{ line: number; reason: string }[]> {
  if (path === null) return [];
  const stream = parseString<{ line: string; reason: string }, never>(await readFile(path, 'utf8'), { headers: true });
  const rows = (await Array.fromAsync(stream)) as { line: string; reason: string }[];
  return rows.map(({ line: lineNo, reason }) => ({ line: Number(lineNo), reason }));
}

async function stored({ query }: ContractEngine): Promise<Map<string, (number | null)[]>> {
  const names = [...COLUMNS.slice(1), 'avg_confirmed_gmv'];
  const rows = await query(`SELECT user_id, ${names.join(', ')} FROM user_spending_data`);
  const paise = (value: unknown) => (value === null ? null : Math.round(Number(value) * 100));
  return new Map(rows.map(found => [String(found.user_id), names.map(name => paise(found[name]))]));
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export const importFuzzContract: ContractTests = {
  'import: whatever a file holds, each of its rows is in the table to the paisa, or in the rejects with line and reason':
    async (t, engine) => {
      await fc.assert(
        fc.asyncProperty(file, made =>
          inFolder(async path => {
            await reset(engine);
            const { text, rows } = written(made);
            await writeFile(path, text);
            const result = await importSpending(engine.database, path, MAX);
            const rejects = await rejectsOf(result.rejects);
            const users = await stored(engine);
            const rejected = new Map(rejects.map(({ line: lineNo, reason }) => [lineNo, reason]));
            const faults: string[] = [];
            const fault = (lineNo: number, what: string) => faults.push(`line ${lineNo} ${what}`);

            for (const { lineNo, good } of rows) {
              const reason = rejected.get(lineNo);
              rejected.delete(lineNo);
              if (reason === '') fault(lineNo, 'is rejected without a reason');
              if (good === undefined) {
                if (reason === undefined) fault(lineNo, 'is bad, and not rejected');
              } else if (reason === undefined) {
                if (!equal(users.get(good.userId), good.amounts))
                  fault(lineNo, 'is not in the table as it was written');
                users.delete(good.userId);
              } else {
                const first = Number(/^a second row for this user_id; line (\d+) went in$/.exec(reason)?.[1]);
                const other = rows.find(row => row.lineNo === first)?.good;
                const isSame = other?.userId.toLowerCase() === good.userId.toLowerCase() && first < lineNo;
                if (!isSame) fault(lineNo, `is good, and rejected: ${reason}`);
              }
            }
            if (rejects.length !== new Set(rejects.map(({ line: lineNo }) => lineNo)).size)
              faults.push('one is told twice');
            for (const lineNo of rejected.keys()) fault(lineNo, 'is rejected, and no row');
            for (const userId of users.keys()) faults.push(`${userId} is in the table, and in no row`);
            const { read, imported, unchanged } = result;
            if (
              !equal(
                [read, imported, unchanged, result.rejected],
                [rows.length, rows.length - rejects.length, 0, rejects.length],
              )
            )
              faults.push(`the counts are wrong: ${JSON.stringify(result)}`);
            if ((await count(engine, 'cardgenius.staged_spending')) !== 0) faults.push('something is left staged');
            if (faults.length > 0) throw new Error(faults.join('; '));
          }),
        ),
        { ...RUNS, includeErrorInReport: true },
      );
      t.pass();
    },

  'import: a file whose quotes are broken is refused with its line, and nothing of it goes in': async (t, engine) => {
    const broken = fc.constantFrom(
      '"CK9,1,1,1,1,1,1,',
      '"CK9"x,1,1,1,1,1,1,',
      'CK9,"1"2,1,1,1,1,1,',
      'CK9,1,1,1,1,1,1,"open',
    );
    await reset(engine);
    await fc.assert(
      fc.asyncProperty(file, broken, (made, last) =>
        inFolder(async path => {
          const { text } = written({ ...made, isEnded: true });
          await writeFile(path, `${text}${last}\n`);
          const error = await importSpending(engine.database, path, MAX).then(
            () => new Error('it went in'),
            (thrown: unknown) => thrown,
          );
          if (!(error instanceof UsageError) || error.code !== 'CSV_BROKEN') throw error;
          if (!/is not CSV from line \d+ on: .+ nothing of the file was taken\.$/s.test(error.message)) throw error;
          if ((await count(engine, 'user_spending_data')) !== 0) throw new Error('something of it went in');
        }),
      ),
      { numRuns: 20 },
    );
    t.pass();
  },
};
