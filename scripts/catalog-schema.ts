/**
 * Writes catalog/cards.schema.json, which lets editors check and complete catalog/cards.json. A shape cannot say everything: the
 * loader checks the rest. `npm run catalog:schema`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { catalogSchema } from '../src/engine/catalog-schema.ts';

export const SCHEMA_PATH = join(import.meta.dirname, '../catalog/cards.schema.json');

/** The JSON Schema of a catalogue as it is written: what has a default may be left out. */
export function catalogJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(catalogSchema, { io: 'input' }), null, 2)}\n`;
}

if (import.meta.main) {
  await writeFile(SCHEMA_PATH, catalogJsonSchema());
  console.log(`Written: ${SCHEMA_PATH}`);
}
