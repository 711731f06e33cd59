import test from 'ava';
import fc from 'fast-check';
import { applyEnvironment } from '../../src/config/environment.ts';
import { KEYS } from '../../src/config/keys.ts';
import { checkConfig } from '../../src/config/settings.ts';
import { UsageError } from '../../src/model/errors.ts';

const FILE = 'cron.config.ts';
const RUNS = { numRuns: 3_000 };

/** Words that the schema knows, words that are near to them, and words that objects have anyway. */
const words = [...new Set(KEYS.flatMap(({ path }) => path))];
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.constantFrom('name', 'cron', 'timeZone', 'misfire', 'chunkSzie', '', '0', 'a.b') },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length') },
  { weight: 1, arbitrary: fc.string() },
);
/** What is right somewhere, what nearly is, and what a TypeScript file may hold that JSON cannot. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('info', 'UTC', 'Asia/Kolkata', '0 2 * * 1', 'once', 'off', 'https://x.example/y', 'smtp://h', 'a'),
  fc.constantFrom(0, 1, 5, 0.5, 10_000, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, true, ''),
  fc.constantFrom(1n, Symbol('s'), () => 5, new Date(Number.NaN), new Map(), /x/),
  fc.string(),
  fc.double(),
  fc.integer(),
);
/** Own properties only, as an object literal makes them, '__proto__' among them. */
const { tree } = fc.letrec<{ tree: unknown; object: object }>(tie => ({
  object: fc.array(fc.tuple(key, tie('tree')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
  tree: fc.oneof({ depthSize: 'small' }, leaf, tie('object'), fc.array(tie('tree'), { maxLength: 3 })),
}));
const config = fc.array(fc.tuple(key, tree), { maxLength: 6 }).map(entries => Object.fromEntries(entries));

/** The key that an error names, as `a.b.0`; undefined where it is no error of ours. */
function namedBy(error: unknown, file: string): string | undefined {
  if (!(error instanceof UsageError) || error.code !== 'CONFIG_INVALID' || !error.message.startsWith(file)) return;
  return / (?:is wrong at|has an unknown key) ([\s\S]*)$/.exec(error.message)?.[1];
}

test('whatever an object holds, it is a whole configuration, or an error that names one of its keys', t => {
  let right = 0;
  fc.assert(
    fc.property(config, found => {
      try {
        const checked = checkConfig(found, FILE);
        right++;
        return checked.chunkSize >= 1 && Object.keys(checked).length > 10;
      } catch (error) {
        const named = namedBy(error, FILE);
        if (named === undefined) throw error;
        return Object.keys(found).some(own => named.startsWith(own));
      }
    }),
    RUNS,
  );
  t.true(right > RUNS.numRuns / 100, `${right} were right: what is right must be tried, too`);
});

test('what cannot even be looked at is named as well', t => {
  for (const database of [{ length: [{ toString: 0 }] }, { length: [{ toString: () => ({}) }] }]) {
    const error = t.throws(() => checkConfig({ chunkSize: 5, database }, FILE), { instanceOf: UsageError });
    t.regex(error!.message, /^cron\.config\.ts is wrong at database: /);
  }
});

test('whatever a variable says over whatever a file says, it is taken, or an error names the variable', t => {
  const value = fc.oneof(
    fc.constantFrom('5', '1e3', 'true', '[]', '[{}]', '{}', 'null', 'a,b', 'info', ' '),
    fc.string(),
  );
  const few = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), value), {
    maxLength: 3,
    selector: ([{ path }]) => path,
  });
  let right = 0;
  fc.assert(
    fc.property(few, config, (set, file) => {
      const env = Object.fromEntries(set.map(([{ variable }, text]) => [variable, text]));
      const before = Object.keys(file).sort().join();
      try {
        const { config: merged, origins } = applyEnvironment(file, env, '.');
        checkConfig(merged, FILE, origins);
        right++;
      } catch (error) {
        if (!(error instanceof UsageError) || error.code !== 'CONFIG_INVALID') throw error;
        const { message } = error;
        const isOfVariable = set.some(([{ variable }]) => message.startsWith(variable));
        if (!isOfVariable && namedBy(error, FILE) === undefined) throw error;
        const secrets = set.filter(([{ secret }, text]) => secret && text.length > 8);
        if (secrets.some(([, text]) => message.includes(text))) throw new Error(`a secret is shown: ${message}`);
      }
      return Object.keys(file).sort().join() === before; // what was read stays as it is
    }),
    RUNS,
  );
  t.true(right > RUNS.numRuns / 100, `${right} were right`);
});
