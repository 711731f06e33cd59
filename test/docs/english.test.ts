import test from 'ava';
import { readDocuments } from './documents.ts';

/** Words that stand in the place of a processor, a login or a person; the glossary has their names. */
const WITHOUT_SUBJECT = /\b(nobody|somebody|anybody|everybody|whom|whoever|mend(?:s|ed|ing)?|is none|what holds)\b/gi;

test('every sentence of the documents names its subject', t => {
  for (const { path, text } of readDocuments()) {
    text.split('\n').forEach((line, i) => {
      const [word] = line.match(WITHOUT_SUBJECT) ?? [];
      t.is(word, undefined, `${path}:${i + 1}: name the processor, the login, the person: ${line.trim()}`);
    });
  }
});
