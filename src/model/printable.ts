/** The sequences of our own colours: they change nothing that is read. */
const COLOUR = new RegExp(`^${String.fromCharCode(27)}\\[(?:0|1|2|22|3\\d|39|9\\d)m`);
/** Control characters, and marks that break a line or turn the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * A text that may go to a terminal. What a database, an API or a person wrote may hold sequences that move the cursor and
 * overwrite what stands there: they are shown as \u001b. Line feeds, tabs and colours stay.
 */
export function printable(text: string): string {
  return text.replace(UNSEEN, (found, at: number) => {
    if (found === '\n' || found === '\t' || COLOUR.test(text.slice(at, at + 6))) return found;
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** One line: what breaks it, controls a terminal or turns the direction of writing is a blank. For what a person says and others read. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ').trim();
}

/** A text without a password, whatever quotes it. */
export function withoutSecret(text: string, secret: unknown): string {
  return typeof secret === 'string' && secret !== '' ? text.replaceAll(secret, '***') : text;
}

/** Signs that messages have, in ASCII; letters lose their accents without being named here. */
const IN_ASCII: readonly (readonly [RegExp, string])[] = [
  [/₹\s*/g, 'Rs. '],
  [/€\s*/g, 'EUR '],
  [/[‘’‚′]/g, "'"],
  [/[“”„″«»]/g, '"'],
  [/[‐-―−•·]/g, '-'],
  [/[→⇒]/g, '->'],
  [/≤/g, '<='],
  [/≥/g, '>='],
  [/×/g, 'x'],
];

/**
 * A text in printable ASCII, on one line: `₹500` is `Rs. 500`. A VARCHAR of SQL Server makes a question mark of what its code page lacks; so does this of
 * signs that have no ASCII.
 */
export function asciiText(text: string): string {
  const spelled = IN_ASCII.reduce((result, [sign, ascii]) => result.replace(sign, ascii), oneLine(text));
  return spelled
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]+/g, '?');
}
