import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { nearestOf } from '../../model/distance.ts';
import { errorOf, messageOf, UsageError, unreadable } from '../../model/errors.ts';
import { issueWords } from '../../model/issue-words.ts';
import { CARDS_PER_USER, MAX_DECIMAL_12_2 } from '../../model/recommendation.ts';
import type { EngineDefinition } from './define-engine.ts';
import { importTracked } from './module-graph.ts';

const whole = (most: number) => z.int().min(0).max(most);

const cardShape = z.object({
  id: z.string().min(1).max(100).optional(),
  name: z.string().min(1).max(200),
  joiningFees: whole(MAX_DECIMAL_12_2),
  redemptionMethod: z.string().min(1).max(50),
  redemptionRate: whole(99_999),
  definition: z.string().optional(),
});

const shape = z.object({
  name: z.string().min(1).max(100),
  version: z.string().min(1).max(50),
  cards: z
    .array(cardShape)
    .min(CARDS_PER_USER, { message: `an engine declares at least ${CARDS_PER_USER} cards` })
    .refine(cards => new Set(cards.map(card => card.name)).size === cards.length, {
      message: 'two cards have the same name',
    }),
  ranking: z.enum(['net', 'own']).optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
  retryDelayMs: z.number().min(0).max(60_000).optional(),
  files: z.array(z.string().min(1)).max(1_000).optional(),
  create: z.custom<() => unknown>(value => typeof value === 'function', { message: 'must be a function' }),
});

/** Loads the module that the configuration names. Throws UsageError (ENGINE_UNREADABLE, ENGINE_INVALID) naming the file. */
export async function loadEngineModule(path: string): Promise<EngineDefinition> {
  try {
    await readFile(path);
  } catch (error) {
    throw new UsageError(
      'ENGINE_UNREADABLE',
      `The engine ${path} ${unreadable(error)}. Name a module like ./our-engine.ts.`,
      {
        cause: error,
      },
    );
  }
  try {
    return checkDefinition((await importTracked(path)).default, path);
  } catch (thrown) {
    const error = errorOf(thrown);
    if (error instanceof UsageError) throw error;
    const why = messageOf(error).split('\n', 1)[0]!;
    throw new UsageError(
      'ENGINE_INVALID',
      `The engine ${path} cannot be loaded: ${why}${placeOf(error)}. Correct the module: the next run or fire loads it again.`,
      { cause: error },
    );
  }
}

/** ` (FILE:LINE)`, the first place that an error's stack names; empty where it names none, or one of ours. */
function placeOf({ stack = '' }: Error): string {
  const [, file, line] = /(?<=^|[\s(]|file:\/\/)(\/[^\s():?]+)(?:\?[^\s():]*)?:(\d+)/m.exec(stack) ?? [];
  return file === undefined || file.startsWith(import.meta.dirname) ? '' : ` (${file}:${line})`;
}

/** Throws UsageError (ENGINE_INVALID) where something is no engine; `path` is what the message names. */
export function checkDefinition(value: unknown, path: string): EngineDefinition {
  if (typeof value !== 'object' || value === null) {
    throw new UsageError('ENGINE_INVALID', `The engine ${path} must say: export default defineEngine({ … }).`);
  }
  const misplaced = (['recommend', 'recommendSlice'] as const).find(key => key in value && !('create' in value));
  if (misplaced !== undefined) {
    throw new UsageError(
      'ENGINE_INVALID',
      `The engine ${path} has no create, and ${misplaced} beside cards: write create: () => ({ ${misplaced} }).`,
    );
  }
  refuseMisspelled(value, shape, path);
  const cards: unknown = (value as { cards?: unknown }).cards;
  if (Array.isArray(cards))
    cards.forEach((card, i) => {
      refuseMisspelled(card, cardShape, path, `cards.${i}.`);
    });
  const parsed = shape.safeParse(value, { error: issueWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue!.path.map(String).join('.');
    throw new UsageError(
      'ENGINE_INVALID',
      `The engine ${path} is wrong at ${field}: ${issue!.message}. See docs/engines.md for what an engine declares.`,
    );
  }
  return value as EngineDefinition;
}

/** Keys of its own an engine may have; one that is ours but for a letter or two would be passed over in silence. */
function refuseMisspelled(value: unknown, { shape: known }: z.ZodObject, path: string, place = ''): void {
  if (typeof value !== 'object' || value === null) return;
  const given = value as Readonly<Record<string, unknown>>;
  const free = Object.keys(known).filter(key => given[key] === undefined);
  for (const key of Object.keys(value).filter(name => !(name in known))) {
    const near = nearestOf(key, free);
    if (near !== undefined) {
      throw new UsageError(
        'ENGINE_INVALID',
        `The engine ${path} has an unknown key ${place}${key}. Did you mean ${near}?`,
      );
    }
  }
}
