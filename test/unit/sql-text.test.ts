import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type AuditDatabase, auditOperations } from '../../src/database/audit.ts';
import { type BatchDatabase, batchOperations } from '../../src/database/batch.ts';
import { type CoordinationDatabase, coordinationOperations } from '../../src/database/coordination.ts';
import { leaseParameters } from '../../src/database/driver.ts';
import { type ExchangeDatabase, exchangeOperations } from '../../src/database/exchange.ts';
import { type HistoryDatabase, historyOperations } from '../../src/database/history.ts';
import { type MaintenanceDatabase, maintenanceOperations } from '../../src/database/maintenance.ts';
import { recordOf, splitBatches } from '../../src/database/mssql/mssql-migration-target.ts';
import { recordingDriver } from '../support/recording-driver.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAX_LINE = 130;
/** Objects that stand on PostgreSQL alone, and why. */
// The embedded engine: no processor of it outlives its process. Staging: a temporary table on SQL Server, which no view can read.
const POSTGRES_ONLY = ['expire_leases', 'staged_row'];

interface SqlText {
  readonly stem: string;
  readonly path: string;
  readonly text: string;
  /** The comment that the file begins with. */
  readonly header: string;
  /** Without comments, and texts empty: what the server runs. */
  readonly code: string;
}

const stemsIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.sql'))
    .map(name => name.slice(0, -'.sql'.length))
    .sort();

function textsIn(folder: string): SqlText[] {
  return stemsIn(folder).map(stem => {
    const path = `${folder}/${stem}.sql`;
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { stem, path, text, header: /^(?:--.*\n)*/.exec(text)![0], code: codeOf(text) };
  });
}

/** One pass, so that a quote in a comment opens no text, and two dashes in a text begin no comment. */
function codeOf(text: string): string {
  return text.replace(/--.*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, part => (part.startsWith("'") ? "''" : ' '));
}

const OBJECTS = textsIn('sql/mssql');
const MIGRATIONS = textsIn('migrations/mssql');
const PROCEDURES = OBJECTS.filter(({ code }) => /\bPROCEDURE\b/i.test(code));

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'SELECT *': /\bSELECT\s+(?:(?:DISTINCT|ALL)\s+)?(?:TOP\s*\(.*?\)\s*)?(?:\w+\.)?\*/i,
  'NOLOCK or READUNCOMMITTED': /\bNOLOCK\b|\bREAD\s*UNCOMMITTED\b/i,
  'HOLDLOCK or SERIALIZABLE': /\bHOLDLOCK\b|\bSERIALIZABLE\b/i,
  'NOT MATCHED BY SOURCE': /\bNOT\s+MATCHED\s+BY\s+SOURCE\b/i,
  'EXECUTE AS': /\bEXEC(?:UTE)?\s+AS\b/i,
  'dynamic SQL': /\bEXEC(?:UTE)?\s*\(|\bsp_executesql\b/i,
};

/** Procedures that only show counters: they must not wait for a publish, and nothing is decided by their answer. */
const ONLY_SHOWS: readonly string[] = ['list_chunks', 'list_runs', 'read_run', 'count_users'];

for (const { stem, path, text, header, code } of [...OBJECTS, ...MIGRATIONS]) {
  test(`${path}: ASCII, a header, nothing forbidden`, t => {
    const foreign = [...text.matchAll(/[^\n\x20-\x7e]/g)].map(({ index }) => text.slice(0, index).split('\n').length);
    t.deepEqual(foreign, [], 'lines with a tab, a CR or a character that is not ASCII');
    const words = ['Purpose', 'Locks', 'Callers', 'Grants'];
    for (const word of [...words, path.startsWith('sql') ? 'Isolation' : 'Way back']) hasLine(t, header, word);
    for (const [what, pattern] of Object.entries(FORBIDDEN)) {
      if (what.startsWith('NOLOCK') && ONLY_SHOWS.includes(stem)) continue;
      t.notRegex(code, pattern, what);
    }
  });
}

/** Each chunk runs these: what they join of ours fills and empties all the time, so that statistics of it mean nothing. */
const HOT = ['publish_chunk', 'compare_chunk', 'compare_first_cards', 'claim_chunk', 'close_run', 'check_chunk'];

for (const { path, stem, code } of OBJECTS.filter(object => HOT.includes(object.stem))) {
  test(`${path}: no plan of a join depends on statistics: each seek is named, and so is the order`, t => {
    const joined = code.split(';').filter(statement => /\bJOIN\b/.test(statement));
    t.true(joined.length > 0, stem);
    for (const statement of joined) {
      t.regex(statement, /OPTION \(LOOP JOIN(, FORCE ORDER)?\)/, statement.trim().slice(0, 80));
      const ours =
        /^ *(?:JOIN|FROM) (?:cardgenius\.(?:chunk_user|completed_user|run_card)|#staged_recommendation) AS \w+.*$/gm;
      const lines = [...statement.matchAll(ours)].map(([line]) => line);
      const isJoined = (line: string) => / JOIN /.test(line) || /cardgenius\.(chunk_user|completed_user)/.test(line);
      const target = /\bUPDATE (\w+)\s/.exec(statement)?.[1]; // SQL Server refuses the hint there
      for (const line of lines.filter(isJoined)) {
        t.is(/WITH \(FORCESEEK\b/.test(line), !new RegExp(` AS ${target}\\b`).test(line), line.trim());
      }
    }
  });
}

function hasLine(t: { regex(text: string, pattern: RegExp, message?: string): boolean }, header: string, word: string) {
  t.regex(header, new RegExp(`^-- ${word} +\\S`, 'm'), `the header has no ${word}`);
}

for (const { path, stem, text, header, code } of OBJECTS) {
  test(`${path}: one object of that name, and its header says what it needs`, t => {
    const created = [...code.matchAll(/\bCREATE\s+(?:OR\s+ALTER\s+)?(?:PROCEDURE|VIEW|FUNCTION|TRIGGER)\s+\S+/gi)];
    t.deepEqual(
      created.map(([found]) => found.replace(/\s+/g, ' ')),
      [
        `CREATE OR ALTER ${PROCEDURES.some(procedure => procedure.stem === stem) ? 'PROCEDURE' : stem === 'clock' ? 'FUNCTION' : 'VIEW'} cardgenius.${stem}`,
      ],
    );
    hasLine(t, header, 'Indexes');
    hasLine(t, header, 'Avoids');
    t.is(splitBatches(text).length, 1, 'an object is one batch');
  });

  test(`${path}: lines of at most ${MAX_LINE} characters`, t => {
    const long = text.split('\n').flatMap((line, i) => (line.length > MAX_LINE ? [`${i + 1}: ${line.length}`] : []));
    t.deepEqual(long, []);
  });
}

for (const { path, header, code } of PROCEDURES) {
  test(`${path}: how a procedure begins, and how a transaction ends`, t => {
    t.regex(
      code,
      /\bAS\s+BEGIN\s+SET NOCOUNT ON;\s+SET XACT_ABORT ON;\s+SET TRANSACTION ISOLATION LEVEL READ COMMITTED;/,
      'each session is pooled: nothing of it is trusted',
    );
    if (answers(code)) hasLine(t, header, 'Answers');
    else t.notRegex(header, /^-- Answers/m, 'it answers nothing');

    if (/\b(BEGIN|COMMIT|ROLLBACK)\s+TRAN/i.test(code)) {
      t.regex(code, /BEGIN TRY[\s\S]*BEGIN TRANSACTION;[\s\S]*COMMIT TRANSACTION;[\s\S]*END TRY/);
      t.regex(code, /BEGIN CATCH\s+IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;\s+THROW;\s+END CATCH;/);
      t.is(code.match(/\bROLLBACK\b/g)?.length, 1);
    }
  });
}

/** Whether a procedure sends rows: a SELECT that begins a statement, and neither assigns nor inserts nor fills a table. */
function answers(code: string): boolean {
  const statements = code.split(/;|\bBEGIN\b|\bELSE\b(?!\s+'')|\bTHEN\b|\bIF\b[^;]*?\n/);
  const sends = (statement: string) =>
    /^\s*SELECT\b/.test(statement) && !/^\s*SELECT\s+(TOP\s*\(\w+\)\s*)?@\w+\s*=|\bINTO\b/.test(statement);
  return statements.some(sends) || /\bEXEC cardgenius\.chunk_result\b/.test(code);
}

/** What a text raises by itself, as its head should name it: 50005, CG005, or P0001 where it raises without a code. */
function raisedIn(text: string): string[] {
  const code = text.replace(/--.*/g, '');
  const thrown = [...code.matchAll(/\bTHROW\s+(\d+)/g)].map(([, number]) => number!);
  const raised = [...code.matchAll(/\bRAISE EXCEPTION[^;]*;/g)].map(
    ([statement]) => /ERRCODE = '(\w+)'/.exec(statement)?.[1] ?? 'P0001',
  );
  return [...new Set([...thrown, ...raised])].sort();
}

for (const folder of ['sql/mssql', 'sql/postgres']) {
  const objects = textsIn(folder);
  const calls = ({ stem, code }: SqlText) =>
    objects.filter(other => other.stem !== stem && new RegExp(`\\bcardgenius\\.${other.stem}\\b`).test(code));

  test(`${folder}: the Errors line of a head names what the object raises, and nothing that neither it nor what it calls raises`, t => {
    let seen = 0;
    for (const object of objects) {
      const errors = /^-- Errors +(.*(?:\n-- {11}.*)*)/m.exec(object.header)?.[1] ?? '';
      const named: readonly string[] = errors.match(/\b(?:50\d{3}|CG\d{3}|P0001)\b/g) ?? [];
      const raised = raisedIn(object.text);
      seen += raised.length;
      t.deepEqual(
        raised.filter(code => !named.includes(code)),
        [],
        `${object.path} raises, and its head does not say so`,
      );
      const below = calls(object).flatMap(({ text }) => raisedIn(text));
      t.deepEqual(
        named.filter(code => !raised.includes(code) && !below.includes(code)),
        [],
        `${object.path} names, and none raises it`,
      );
      const [, callee] = /\bthose of (\w+)/.exec(errors) ?? [];
      if (callee !== undefined)
        t.true(
          calls(object).some(({ stem }) => stem === callee),
          `${object.path} does not call ${callee}`,
        );
    }
    t.true(seen > 8);
  });
}

test('what a procedure throws has the state by which we know it from what a trigger throws', t => {
  const states = OBJECTS.flatMap(({ path, code }) =>
    [...code.matchAll(/\bTHROW\s+5000[1-79],[^;]*,\s*(\d+);/g)].map(([, state]) => ({ path, state })),
  );
  t.true(states.length > 10);
  t.deepEqual(
    states.filter(({ state }) => state !== '71'),
    [],
  );
});

test('who writes a chunk has read the run before, and reads it under no lock of a chunk', t => {
  for (const stem of ['publish_chunk', 'fail_chunk', 'claim_chunk']) {
    const { code } = OBJECTS.find(object => object.stem === stem)!;
    const [before, under] = code.split('BEGIN TRANSACTION;');
    t.regex(before!, /FROM cardgenius\.run AS r/, stem);
    // A claim takes the run's row, too, before it looks for an expired lease: a split inserts chunks, whose key locks that row.
    t.notRegex(under!.replace('cardgenius.run AS r WITH (REPEATABLEREAD)', ''), /\bcardgenius\.run\b/, stem);
  }
});

test('a MERGE joins by its keys alone, matches what differs, and ends in a semicolon', t => {
  const KEYS: Readonly<Record<string, string>> = {
    'dbo.card_recommendations': 't.user_id = s.user_id AND t.rank = s.rank',
    'dbo.user_spending_data': 't.user_id = s.user_id',
  };
  const found: string[] = [];
  for (const { path, code } of [...OBJECTS, ...MIGRATIONS]) {
    for (const { index } of code.matchAll(/\bMERGE\b(?!\s+JOIN)/g)) {
      const statement = code.slice(index, code.indexOf(';', index) + 1);
      const parts =
        /^MERGE INTO (\S+) AS t\s+USING \([\s\S]*\n *\) AS s\s+ON (.*?)\s+WHEN MATCHED AND (?:EXISTS \(|CASE\s+WHEN )/.exec(
          statement,
        );
      t.truthy(parts, `${path}: a MERGE of another shape`);
      t.is(parts?.[2], KEYS[parts?.[1] ?? ''], path);
      t.regex(statement, /WHEN NOT MATCHED THEN INSERT[\s\S]*;$/, path);
      t.notRegex(statement, /\b(SET @|COMMIT|DELETE FROM|END)\b(?! )/, `${path}: no semicolon ends the MERGE`);
      found.push(`${path} ${parts?.[1]}`);
    }
  }
  t.deepEqual(found, [
    'sql/mssql/publish_chunk.sql dbo.card_recommendations',
    'sql/mssql/publish_import.sql dbo.user_spending_data',
  ]);
});

test('both engines have the same objects and the same migrations', t => {
  const known = stemsIn('sql/postgres').filter(stem => !POSTGRES_ONLY.includes(stem));
  t.deepEqual(stemsIn('sql/mssql'), known);
  t.deepEqual(stemsIn('migrations/mssql'), stemsIn('migrations/postgres'));
  for (const stem of POSTGRES_ONLY) t.true(stemsIn('sql/postgres').includes(stem), `${stem} is no exception any more`);
});

test('who may say @now is decided in one place: every procedure that takes one asks cardgenius.clock', t => {
  for (const { path, code } of PROCEDURES) {
    const isOffered = /@now\s+DATETIME2\(3\)\s+=\s+NULL/.test(code);
    t.is(/cardgenius\.clock\(@now\)/.test(code), isOffered, path);
    t.notRegex(code, /COALESCE\(@now/, path);
  }
  for (const { path, code } of textsIn('sql/postgres')) {
    t.is(/cardgenius\.clock\(p_now\)/.test(code), /\bp_now\s+TIMESTAMPTZ\s+DEFAULT NULL/.test(code), path);
    t.notRegex(code, /COALESCE\(p_now/, path);
  }
});

const LEASE = { runId: 1, chunkNo: 2, token: '00000000-0000-4000-8000-000000000000' };
const PROCESSOR = { id: 'host:1:a', host: 'host', pid: 1, version: '1' };
const RUN = {
  kind: 'batch',
  engineName: 'engine',
  engineVersion: '1',
  fingerprint: 'a'.repeat(64),
  cards: [],
  chunkSize: 1,
  userLimit: null,
  maxRounds: 1,
} as const;

/** Each operation of the port, called once: what it passes to its procedure. */
const OPERATIONS: { readonly [Port in keyof Ports]: Arguments<Ports[Port]> } = {
  batch: {
    openRun: [{ ...RUN, requestedBy: 'test', deadlineAt: null }],
    claimChunk: [{ runId: 1, processor: 'p', token: LEASE.token, fingerprint: 'f', leaseSeconds: 60 }],
    keepCatalog: [1, Uint8Array.of(1)],
    readChunk: [LEASE],
    renewLease: [LEASE, 60],
    beginLoad: [LEASE],
    stage: [1, []],
    endLoad: [1],
    comparePlans: [1],
    checkChunk: [LEASE, 2_500],
    compareFirstCards: [LEASE, 1, 1],
    publishChunk: [LEASE, { loadNo: 1, span: null, failure: null, computeMs: null, loadMs: null }],
    failChunk: [LEASE, { code: 'C', message: 'm', isRetried: false, retryAfterSeconds: 0 }],
    releaseChunk: [LEASE],
    advanceRun: [1],
    changeRunState: [1, 'paused', 'reason'],
    sweepStaging: [],
    readRun: [null],
    sumOutcomes: [1],
  },
  exchange: {
    beginImport: ['file'],
    stageSpending: [1, []],
    rejectDuplicates: [1],
    publishImport: [1, 1, 2],
    endImport: [1, 0],
    exportRecommendations: [null, 1],
    listSpending: [null, 1],
    listRecommendations: [null, 'CK1'],
    readSpending: ['CK1'],
    countUsers: [],
  },
  audit: {
    verifyDatabase: [],
    listFailures: [null, 1],
    findChunkUser: [1, 1, 1],
    retryUsers: [{ runId: null, userId: null, code: null }],
    redoUsers: [{ cardName: null, olderThan: null, runId: null }, false],
  },
  history: {
    listRuns: [1],
    listChunks: [1, 0, 1],
    listAttempts: [1, 1],
    listActs: [null, 1],
    readRecommendations: ['CK1'],
    readCatalog: [1],
    reportCards: [],
    reportUsers: [],
  },
  coordination: {
    seeSchedule: ['s', '* * * * *', 'UTC'],
    recordFire: [
      {
        schedule: 's',
        plannedAt: new Date(0),
        decision: 'ran',
        note: null,
        decidedBy: 'p',
        electedAt: null,
        deadlineMinutes: null,
        run: RUN,
      },
    ],
    commonestFailure: [1],
    hasFailed: [1],
    listFires: [null, 1],
    lead: [PROCESSOR, 30],
    seeProcessor: [PROCESSOR],
    resign: ['p'],
    listProcessors: [1],
    raiseAlert: [
      { rule: 'r', subject: 's', severity: 'warning', message: 'm', remindSeconds: 1, openedAt: null, teller: 'p' },
    ],
    closeAlert: ['r', 's', 'p'],
    recordTold: [1, false],
    takeOverAlerts: ['p'],
    listAlerts: [true, 1],
  },
  maintenance: {
    pruneHistory: ['run', 1],
    recordAct: ['prune', { origin: 'cli', person: 'p' }],
    forgetUser: ['CK1', { origin: 'cli', person: 'p' }],
    countOrphans: [],
    pruneOrphans: [null],
    findDuplicates: [],
    countOtherStatuses: [],
    ask: ['settings'],
  },
};

interface Ports {
  batch: BatchDatabase;
  exchange: ExchangeDatabase;
  audit: AuditDatabase;
  history: HistoryDatabase;
  coordination: CoordinationDatabase;
  maintenance: MaintenanceDatabase;
}

/** The arguments of each function of a port. */
type Arguments<Port> = {
  [Name in keyof Port as Port[Name] extends (...args: never[]) => unknown ? Name : never]: Port[Name] extends (
    ...args: infer Args
  ) => unknown
    ? Args
    : never;
};

/** The names that each operation passes, by procedure. read_chunk is called by the driver itself, with the fence. */
async function recordCalls(): Promise<Map<string, string[]>> {
  const driver = recordingDriver();
  const ports: Ports = {
    batch: batchOperations(driver),
    exchange: exchangeOperations(driver),
    audit: auditOperations(driver),
    history: historyOperations(driver),
    coordination: coordinationOperations(driver),
    maintenance: maintenanceOperations(driver),
  };
  for (const [port, operations] of Object.entries(OPERATIONS)) {
    const functions = ports[port as keyof Ports] as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    for (const [name, args] of Object.entries(operations)) await functions[name]!(...(args as readonly unknown[]));
  }
  const calls = driver.calls.map(({ procedure, parameters }) => [procedure, parameters.map(([name]) => name)] as const);
  return new Map([...calls, ['read_chunk', leaseParameters(LEASE).map(([name]) => name)]]);
}

interface SqlParameter {
  readonly name: string;
  readonly optional: boolean;
}

function parametersOf({ code, stem }: SqlText): SqlParameter[] {
  const [, list] = new RegExp(`PROCEDURE cardgenius\\.${stem}\\b([\\s\\S]*?)\\bAS\\s+BEGIN\\b`).exec(code)!;
  return [...list!.matchAll(/@(\w+)\s+[^@]*/g)].map(([all, name]) => ({ name: name!, optional: all.includes('=') }));
}

/** Called by other procedures, never from here. */
const INNER = new Set(PROCEDURES.filter(({ header }) => /never called directly/.test(header)).map(({ stem }) => stem));
const CALLS = recordCalls();

test('the operations call every procedure but the inner ones, and no other', async t => {
  const outer = PROCEDURES.map(({ stem }) => stem).filter(stem => !INNER.has(stem));
  t.deepEqual([...(await CALLS).keys()].sort(), outer);
});

for (const procedure of PROCEDURES.filter(({ stem }) => !INNER.has(stem))) {
  test(`${procedure.path}: the program passes its parameters by their names`, async t => {
    const parameters = parametersOf(procedure);
    const passed = (await CALLS).get(procedure.stem)!;
    const names = parameters.map(({ name }) => name);
    t.deepEqual(
      passed.filter(name => !names.includes(name)),
      [],
      'passed, but no parameter',
    );
    t.deepEqual(
      parameters.filter(({ name, optional }) => !optional && !passed.includes(name)).map(({ name }) => name),
      [],
      'needed, but not passed',
    );
    t.is(new Set(passed).size, passed.length, 'passed twice');
    t.false(passed.includes('now') || passed.includes('answer'), 'the database has its own clock');
  });
}

for (const caller of PROCEDURES) {
  test(`${caller.path}: what it calls has the parameters that it passes`, t => {
    for (const [, stem, passed] of caller.code.matchAll(/\bEXEC cardgenius\.(\w+)([^;]*?)(?=;|\bELSE\b)/g)) {
      const callee = PROCEDURES.find(procedure => procedure.stem === stem);
      t.truthy(callee, `${stem} is called, and does not exist`);
      const parameters = parametersOf(callee!);
      const names = [...passed!.matchAll(/@(\w+) = /g)].map(([, name]) => name!);
      t.deepEqual(
        names.filter(name => !parameters.some(parameter => parameter.name === name)),
        [],
        stem,
      );
      const needed = parameters.filter(({ optional }) => !optional).map(({ name }) => name);
      t.deepEqual(
        needed.filter(name => !names.includes(name)),
        [],
        `${stem} needs more`,
      );
    }
    t.pass();
  });
}

const BATCHES: Readonly<Record<string, [text: string, batches: string[]]>> = {
  'no GO: one batch': ['SELECT 1;\nSELECT 2;\n', ['SELECT 1;\nSELECT 2;\n']],
  'GO in any case, with blanks': ['A\nGO\nB\n  go \t\nC\nGo\nD', ['A\n', '\nB\n', '\nC\n', '\nD']],
  'a GO at the end makes no empty batch': ['A\nGO\n', ['A\n']],
  'nor do two, or comments alone': ['-- a header\n\nGO\nGO\nA\nGO\n  -- the end\n', ['\nA\n']],
  'a comment before a statement stays with it': ['-- why\nA\nGO\nB', ['-- why\nA\n', '\nB']],
  'GO in a word, a name or behind something': [
    'SELECT GO_on, cargo\nFROM go.GO\nGOTO done\nGO;\nEXEC GO\n',
    ['SELECT GO_on, cargo\nFROM go.GO\nGOTO done\nGO;\nEXEC GO\n'],
  ],
  'GO in a comment': ['A -- GO\n-- GO\nB\n', ['A -- GO\n-- GO\nB\n']],
  nothing: ['\n-- only a comment\n', []],
};
for (const [title, [text, batches]] of Object.entries(BATCHES)) {
  test(`batches: ${title}`, t => t.deepEqual(splitBatches(text), batches));
}

test('every SQL file falls into batches that say something, none with a GO in it', t => {
  for (const { path, text, code } of [...OBJECTS, ...MIGRATIONS]) {
    t.notRegex(text, /\/\*/, `${path}: who splits a script knows of no comments over several lines`);
    const batches = splitBatches(text);
    t.true(batches.length > 0, path);
    for (const batch of batches) {
      t.notRegex(codeOf(batch), /^\s*GO\s*$/im, path);
      t.regex(codeOf(batch), /\w/, path);
    }
    t.is(batches.map(codeOf).join('').replace(/\s/g, ''), code.replace(/^GO$/gm, '').replace(/\s/g, ''), path);
  }
});

test('a file is recorded anew: what an earlier version left is deleted first', t => {
  const file = { kind: 'object', path: 'sql/mssql/a.sql', text: '', checksum: 'c0ffee' } as const;
  t.is(
    recordOf({ ...file, name: 'object:a', breaking: false }),
    "DELETE FROM cardgenius.migration WHERE name = 'object:a';\n" +
      "INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ('object:a', 'c0ffee', 0);",
  );
  t.regex(recordOf({ ...file, name: '0007_next', breaking: true }), /VALUES \('0007_next', 'c0ffee', 1\);$/);
});

/** The parts of a head by their words, each with its further lines, and without line breaks. */
function partsOf(header: string): Map<string, string> {
  const found = header.matchAll(
    /^-- (Twin|Purpose|Takes|Reads|Answers|Errors|Locks|Isolation|Indexes|Avoids|Callers|Grants)\b(.*\n(?:-- {2,}.*\n)*)/gm,
  );
  return new Map(
    [...found].map(([, word, text]) => [word!, text!.replaceAll('\n--', ' ').replaceAll(/\s+/g, ' ').trim()]),
  );
}

test('the head of a Postgres file names its twin, and says again only who calls it and who may', t => {
  const mssql = new Map(textsIn('sql/mssql').map(({ stem, header }) => [stem, partsOf(header)]));
  for (const { stem, path, header } of textsIn('sql/postgres')) {
    if (POSTGRES_ONLY.includes(stem)) continue;
    t.regex(header, new RegExp(`^-- Twin of sql/mssql/${stem}\\.sql[.;] ?[Dd]iffers in`), path);
    const parts = partsOf(header);
    t.true(parts.has('Callers') && parts.has('Grants'), `${path}: Callers and Grants`);
    const again = [...parts].filter(
      ([word, text]) => word !== 'Callers' && word !== 'Grants' && mssql.get(stem)?.get(word) === text,
    );
    t.deepEqual(again, [], `${path}: what its twin says`);
  }
});
