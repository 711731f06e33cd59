/**
 * Marks: a line of a procedure that works with a column which may be missing names it at its end, and `migrate` leaves the line out
 * where the column is missing. What is installed is static SQL.
 *
 *     , u.updated_at = @now      --? user_spending_data.updated_at
 *     , NULL AS batch_id         --? !card_recommendations.batch_id
 *
 * Names with a blank between must all be there; `!` asks that the column is missing.
 */

const MARK = /[ \t]*--\?[ \t]*([^\n]*?)[ \t]*$/;
const TERM = /^!?\w+\.\w+$/;

/** The text without the lines whose mark does not hold. `has` is asked for `table.column`. Throws on a mark it cannot read. */
export function resolveMarks(text: string, has: (column: string) => boolean): string {
  return text
    .split('\n')
    .filter(line => {
      const terms = marksOf(line);
      return terms.every(term => (term.startsWith('!') ? !has(term.slice(1)) : has(term)));
    })
    .join('\n');
}

/** The terms of a line's mark; none where it has no mark. */
export function marksOf(line: string): string[] {
  const mark = MARK.exec(line)?.[1];
  if (mark === undefined) return [];
  const terms = mark.split(/\s+/).filter(term => term !== '');
  const wrong = terms.find(term => !TERM.test(term));
  if (terms.length === 0 || wrong !== undefined) throw new Error(`not a mark: ${line.trim()}`);
  return terms;
}
