import type { z } from 'zod';
import { configSchema } from './schema.ts';

/** A setting that one environment variable can hold. */
export interface Key {
  /** As in cron.config.ts: ['sqlServer', 'workConnections']. */
  readonly path: readonly string[];
  readonly variable: string;
  readonly kind: 'text' | 'number' | 'list' | 'flag' | 'json';
  readonly secret: boolean;
  readonly description: string;
  /** As the schema says it; undefined where there is none, or where it depends on the machine. */
  readonly defaultValue: unknown;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly defaultValue?: unknown;
}
const definitionOf = (schema: z.ZodType) => schema.def as unknown as Definition;

/** The schema within a default, an optional or a transformation. */
function bare(schema: z.ZodType): z.ZodType {
  const { type, innerType, in: input } = definitionOf(schema);
  if (type === 'default' || type === 'prefault' || type === 'optional') return bare(innerType!);
  return type === 'pipe' ? bare(input!) : schema;
}

function isSecret(schema: z.ZodType): boolean {
  if (schema.meta()?.secret === true) return true;
  const { innerType } = definitionOf(schema);
  return innerType !== undefined && isSecret(innerType);
}

const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined =>
  (bare(schema) as Partial<z.ZodObject>).shape as Record<string, z.ZodType> | undefined;

/** The keys that an object at a path may have; undefined where there is no object. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: z.ZodType = configSchema;
  for (const step of path) {
    const inner = bare(schema);
    schema = typeof step === 'number' ? definitionOf(inner).element! : shapeOf(inner)![String(step)]!;
  }
  return Object.keys(shapeOf(schema) ?? {});
}

const KINDS: Readonly<Record<string, Key['kind']>> = { number: 'number', array: 'list', boolean: 'flag' };

function* keysOf(schema: z.ZodType, path: readonly string[]): Generator<Key> {
  const shape = shapeOf(schema);
  if (shape !== undefined) {
    for (const [name, inner] of Object.entries(shape)) yield* keysOf(inner, [...path, name]);
    return;
  }
  const inner = bare(schema);
  const { type, element } = definitionOf(inner);
  const isJson = type === 'array' && shapeOf(element!) !== undefined;
  const { defaultValue } = definitionOf(schema);
  yield {
    path,
    variable: variableOf(path),
    kind: isJson ? 'json' : (KINDS[type] ?? 'text'),
    secret: isSecret(schema),
    description: schema.description ?? inner.description ?? '',
    defaultValue: path[0] === 'workers' ? undefined : defaultValue,
  };
}

/** chunkSize is CARDGENIUS_CHUNK_SIZE; the database has had a name of its own since 0.1. */
function variableOf(path: readonly string[]): string {
  if (path.join('.') === 'database') return 'CARDGENIUS_DATABASE_URL';
  const words = path.map(name => name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase());
  return `CARDGENIUS_${words.join('_')}`;
}

export const KEYS: readonly Key[] = [...keysOf(configSchema, [])];
