import test from 'ava';
import { describeEnd, describeProcessors, describeStatus } from '../../src/cli/status-command.ts';
import type { ChunkProgress } from '../../src/database/history.ts';
import { maintenanceOperations } from '../../src/database/maintenance.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { readWantedRights, roleFor } from '../../src/database/wanted-rights.ts';
import type { RunProgress } from '../../src/model/run.ts';
import { examine } from '../../src/tools/doctor/doctor.ts';
import { checkRights, requireRights } from '../../src/tools/doctor/login-rights.ts';
import { remedySql } from '../../src/tools/doctor/remedy-sql.ts';
import {
  checkClock,
  checkLog,
  checkSettings,
  checkWire,
  type SettingsRow,
} from '../../src/tools/doctor/server-settings.ts';
import {
  type ColumnRow,
  checkErrorLength,
  checkIndexedViews,
  checkKeys,
  checkStatuses,
  checkTarget,
} from '../../src/tools/doctor/tables.ts';
import { cardgenius, newPlace } from '../e2e/cli.ts';
import { copyDatabase } from '../support/kept.ts';

/** A server that nothing is wrong with. What a stand-in cannot be made to have is planted here, in its answer. */
const SETTINGS: SettingsRow = {
  version: '16.0.4185.3',
  edition: 'Standard Edition (64-bit)',
  engine_edition: 2,
  stand_in: null,
  database_name: 'cashkaro',
  compatibility_level: 160,
  row_versions: 1,
  updates_statistics: 1,
  recovery_model: 'FULL',
  collation: 'SQL_Latin1_General_CP1_CI_AS',
  log_waits_for: 'NOTHING_APPLIED',
  time: new Date(0),
};
const states = (overrides: Partial<SettingsRow>) =>
  checkSettings({ ...SETTINGS, ...overrides })
    .filter(({ state }) => state !== 'ok')
    .map(({ state, check, remedy }) => [state, check, remedy.slice(0, 52)]);

test('the server: each setting that matters', t => {
  t.deepEqual(states({}), []);
  t.deepEqual(states({ version: '14.0.1000.1' }), [
    ['fail', 'version', 'SQL Server 2019 (15.0) or later, or Azure SQL'],
  ]);
  t.deepEqual(states({ version: '12.0.2000.8', engine_edition: 5 }), [], 'Azure SQL counts its versions otherwise');
  t.deepEqual(states({ compatibility_level: 120 }), [
    ['fail', 'compatibility level', 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150'],
  ]);
  t.deepEqual(states({ row_versions: 0 }), [
    ['warn', 'row versions', 'ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT O'],
  ]);
  t.deepEqual(states({ updates_statistics: 0 }), [
    ['warn', 'statistics', 'ALTER DATABASE CURRENT SET AUTO_UPDATE_STATISTICS ON'],
  ]);
  t.deepEqual(states({ recovery_model: 'SIMPLE' }), [
    ['warn', 'recovery model', 'ALTER DATABASE CURRENT SET RECOVERY FULL, then a ful'],
  ]);
});

test('the wire, the clock and the log', t => {
  const wire = (encrypted: boolean, verified: boolean) => checkWire({ encrypted, verified })[0]?.state;
  t.deepEqual([wire(true, true), wire(true, false), wire(false, false)], ['ok', 'warn', 'fail']);
  const clock = (at: number) => checkClock(new Date(at), 1_000_000, 1_000_500);
  t.deepEqual(
    [1_000_200, 995_000, 1_010_500, 900_000].map(at => clock(at).state),
    ['ok', 'warn', 'warn', 'fail'],
  );
  t.is(clock(995_000).found, "5 s behind this machine's");
  t.is(clock(1_010_500).found, "10 s ahead of this machine's");
  t.deepEqual(
    [10, 75, 95].map(used_percent => checkLog({ total_mb: 100, used_percent }).state),
    ['ok', 'warn', 'fail'],
  );
});

test('filtered indexes and indexed views', t => {
  const [card, user] = checkTarget([
    { table_name: 'card_recommendations', kind: 'filtered index', name: 'ix_best', detail: '([rank]=(1))' },
    { table_name: 'user_spending_data', kind: 'filtered index', name: 'ix_new', detail: "([processing_status]='new')" },
  ]);
  t.like(card, {
    state: 'fail',
    remedy: 'DROP INDEX ix_best ON dbo.card_recommendations; an index without WHERE in its place',
  });
  t.is(user?.state, 'warn');
  t.like(checkIndexedViews([{ name: 'dbo.best_card' }]), { state: 'warn', found: 'dbo.best_card' });
  t.is(checkIndexedViews([]).state, 'ok');
});

test('statuses: users with another one or none are told, by doctor and by status', t => {
  t.is(checkStatuses(0).state, 'ok');
  t.like(checkStatuses(2), { state: 'warn', found: '2 users have another status or none: no run looks for them' });
  const users = { new: 1, pending: 0, completed: 0, failed: 0, other: 0 };
  t.notRegex(describeStatus(users, null, [], new Date(0)), /another status/);
  t.regex(
    describeStatus({ ...users, other: 1_200 }, null, [], new Date(0)),
    /\n1,200 users have another status or none/,
  );
});

test('keys: missing is a fault, and what a login may not see is none', t => {
  t.deepEqual(
    checkKeys([], []).map(({ state }) => state),
    ['not visible', 'not visible'],
  );
  const column = { table_schema: 'dbo', table_name: 'user_spending_data', column_name: 'user_id' };
  const [user, card] = checkKeys([], [column as Parameters<typeof checkKeys>[1][number]]);
  t.is(user?.state, 'fail');
  t.is(card?.state, 'not visible');
});

test('grants: what is missing is said as the statements of grants.sql', async t => {
  const wanted = readWantedRights('mssql');
  t.true(wanted.length > 40);
  const rows = wanted.map(want => ({ ...want, member: want.role === 'cardgenius_processor' ? 1 : 0, granted: 1 }));
  t.is(checkRights(rows).state, 'ok');
  const [first, second] = rows.filter(row => row.member === 1);
  first!.granted = 0;
  second!.granted = 0;
  const finding = checkRights(rows);
  t.is(finding.state, 'fail');
  t.is(
    finding.remedy,
    `GRANT ${first!.right} ON OBJECT::${first!.securable} TO cardgenius_processor;\nGRANT ${second!.right} ON OBJECT::${second!.securable} TO cardgenius_processor;`,
  );
  t.regex(checkRights(rows, 'cardgenius_reader').state, /ok/);
  const outsider = checkRights(rows.map(row => ({ ...row, member: 0, granted: 0 })));
  t.regex(outsider.found, /this login is in no role of them$/);
  t.regex(outsider.remedy, /^ALTER ROLE cardgenius_processor ADD MEMBER \[user\];/);
  t.false(outsider.remedy.includes('GRANT '));
});

test('the embedded engine: nothing wrong in a new database, and each fault that it can hold is found', async t => {
  const pglite = new Pglite(await copyDatabase('new'));
  await migrate(new PostgresMigrationTarget(pglite));
  const database = maintenanceOperations(postgresDriver(pglite, { description: 'pglite:memory' }));
  const look = async () => (await examine(database)).filter(({ state }) => state !== 'ok').map(({ check }) => check);
  t.deepEqual(await look(), []);
  await pglite.transaction([
    { sql: 'ALTER TABLE public.user_spending_data DROP COLUMN avg_ajio_gmv' },
    { sql: 'ALTER TABLE public.user_spending_data ALTER COLUMN avg_grocery_gmv TYPE DOUBLE PRECISION' },
    { sql: 'ALTER TABLE public.user_spending_data DROP CONSTRAINT pk_user_spending_data' },
    { sql: "INSERT INTO public.user_spending_data (user_id) VALUES ('CK1'), ('CK1')" },
    { sql: 'ALTER TABLE public.user_spending_data ALTER COLUMN processing_status DROP NOT NULL' },
    { sql: "INSERT INTO public.user_spending_data (user_id, processing_status) VALUES ('CK2', NULL)" },
    // PostgreSQL alters no column that a view shows.
    { sql: 'DROP VIEW cardgenius.failed_user, cardgenius.stored_row, cardgenius.recommendation_rupees CASCADE' },
    { sql: 'ALTER TABLE public.user_spending_data ALTER COLUMN processing_status TYPE VARCHAR(8)' },
    { sql: 'ALTER TABLE public.user_spending_data ALTER COLUMN processing_error TYPE VARCHAR(100)' },
    { sql: 'ALTER TABLE public.card_recommendations ALTER COLUMN user_id TYPE VARCHAR(40) COLLATE "C"' },
    { sql: 'ALTER TABLE public.card_recommendations ALTER COLUMN card_name TYPE VARCHAR(50)' },
    { sql: 'ALTER TABLE public.card_recommendations ALTER COLUMN redemption_method TYPE VARCHAR(60)' },
    { sql: "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'" },
    {
      sql: `CREATE TRIGGER tr_audit BEFORE INSERT ON public.card_recommendations
            FOR EACH ROW EXECUTE FUNCTION public.audit()`,
    },
  ]);
  t.deepEqual(await look(), [
    'column user_spending_data.avg_ajio_gmv',
    'column user_spending_data.avg_grocery_gmv',
    'column user_spending_data.processing_status',
    'column user_spending_data.processing_error',
    'column card_recommendations.card_name',
    'type and collation of ids',
    'trigger tr_audit',
    'key of user_spending_data',
    'duplicates',
    'statuses',
  ]);
  const found = (await examine(database)).filter(({ check }) => /processing_|card_name/.test(check));
  t.deepEqual(
    found.map(finding => [finding.state, finding.found, finding.remedy]),
    [
      [
        'fail',
        'varchar(8), narrower than VARCHAR(20): no user becomes completed',
        'ALTER TABLE public.user_spending_data ALTER COLUMN processing_status TYPE VARCHAR(20) (PostgreSQL alters no column that a view shows: drop the views of schema cardgenius first; cardgenius migrate --repair --yes makes them again)',
      ],
      ['warn', 'varchar(100), narrower than VARCHAR(400): reasons are cut', found[1]!.remedy],
      [
        'warn',
        'varchar(50), narrower than VARCHAR(200): what is longer is refused, and the run pauses',
        found[2]!.remedy,
      ],
    ],
  );
  await pglite.close();
});

test('doctor on PostgreSQL gives remedies of PostgreSQL alone, and on SQL Server those of SQL Server', async t => {
  const pglite = new Pglite(await copyDatabase('new'));
  await migrate(new PostgresMigrationTarget(pglite));
  await pglite.transaction([
    { sql: 'ALTER TABLE public.user_spending_data DROP COLUMN avg_ajio_gmv, ADD COLUMN theirs INTEGER NOT NULL' },
    { sql: 'ALTER TABLE public.user_spending_data DROP CONSTRAINT pk_user_spending_data' },
    { sql: "INSERT INTO public.user_spending_data (user_id, theirs) VALUES ('CK1', 1), ('CK1', 1)" },
    { sql: 'ALTER TABLE public.user_spending_data ALTER COLUMN processing_status DROP NOT NULL' },
    { sql: "INSERT INTO public.user_spending_data (user_id, theirs, processing_status) VALUES ('CK2', 1, NULL)" },
    { sql: 'DROP VIEW cardgenius.failed_user, cardgenius.stored_row, cardgenius.recommendation_rupees CASCADE' },
    { sql: 'ALTER TABLE public.card_recommendations ALTER COLUMN user_id TYPE VARCHAR(40) COLLATE "C"' },
    { sql: "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'" },
    { sql: 'CREATE TRIGGER tr_audit BEFORE INSERT ON public.card_recommendations FOR EACH ROW EXECUTE FUNCTION public.audit()' },
  ]); // biome-ignore format: a statement a line
  const driver = postgresDriver(pglite, { description: 'a server', wire: { encrypted: false, verified: false } });
  const findings = await examine(maintenanceOperations(driver));
  await pglite.close();
  const remedies = findings.filter(({ state }) => state !== 'ok').map(({ remedy }) => remedy);
  t.true(remedies.length >= 8, remedies.join('\n'));
  for (const remedy of remedies) {
    t.notRegex(
      remedy,
      /dbo\.|OBJECT::|encrypt=|trustServer|ROW_NUMBER|VIEW DEFINITION|deploy\/sql\/grants|DISABLE TRIGGER dbo/,
    );
  }
  t.is(remedySql('mssql').disableTrigger('t', 'x'), 'DISABLE TRIGGER dbo.x ON dbo.t');
});

test('TLS: each server’s own words, and no fault where the server is on this machine', t => {
  const open = { encrypted: false, verified: false };
  t.like(checkWire({ ...open, isLocal: true }, 'postgres')[0], { state: 'ok' });
  t.regex(checkWire(open, 'postgres')[0]!.remedy, /sslmode=verify-full/);
  t.regex(checkWire(open, 'mssql')[0]!.remedy, /encrypt=false/);
  t.notRegex(checkWire({ encrypted: true, verified: false }, 'postgres')[0]!.remedy, /trustServerCertificate/);
});

test('a refused right names the role that has it, and how a login gets that; what is not ours is left as it is', t => {
  t.regex(
    roleFor('postgres', 'permission denied for function list_failures', 'app')!,
    /login app needs the role cardgenius_reader: .* GRANT cardgenius_reader TO "app";/,
  );
  t.regex(
    roleFor('postgres', 'permission denied for function count_users')!,
    /cardgenius_processor or cardgenius_reader/,
  );
  const quoted = roleFor('mssql', "The EXECUTE permission was denied on the object 'open_run'", 'a]b')!;
  t.regex(quoted, /ADD MEMBER \[a\]\]b\];/);
  t.regex(roleFor('postgres', 'permission denied for function open_run', 'a"b')!, /TO "a""b";/);
  t.regex(
    roleFor('postgres', 'permission denied for schema cardgenius', 'owner')!,
    /in no role of cardgenius.*GRANT cardgenius_migrator TO "owner"; for migrate/,
  );
  t.regex(
    roleFor(
      'mssql',
      "The EXECUTE permission was denied on the object 'open_run', database 'db', schema 'cardgenius'.",
    )!,
    /cardgenius_processor: .*ALTER ROLE cardgenius_processor ADD MEMBER/,
  );
  t.is(roleFor('postgres', 'permission denied for table audit_log'), undefined);
  t.is(roleFor('postgres', 'must be owner of table user_spending_data'), undefined);
});

test('the length of reasons that was written down, and the column as it is now', t => {
  const finding = (written: number, length: number) => {
    const column = { table_schema: 'dbo', table_name: 'user_spending_data', column_name: 'processing_error', length };
    return checkErrorLength(written, [column as ColumnRow])[0];
  };
  for (const [written, length] of [
    [400, 400],
    [4_000, -1],
    [4_000, 8_000],
  ] as const)
    t.is(finding(written, length)?.state, 'ok');
  t.like(finding(400, 100), {
    state: 'fail',
    remedy: 'cardgenius migrate, which writes down what the column takes now',
  });
  t.like(finding(100, -1), { state: 'warn' });
  t.deepEqual(checkErrorLength(400, []), []);
});

test('the command: a table and remedies, one line of JSON, and a database that cannot be reached', async t => {
  const place = await newPlace();
  t.is((await cardgenius(['migrate'], place)).code, 0);
  const fine = await cardgenius(['doctor', '--json'], place);
  t.is(fine.code, 0, fine.stdout);
  t.like(JSON.parse(fine.stdout), { fail: 0, notVisible: 0 });
  t.regex((await cardgenius(['doctor'], place)).stdout, /ok +key of user_spending_data[\s\S]* 0 to fix, 0 not visible/);

  const gone = { ...place, database: 'mssql://nobody:secret@127.0.0.1:1/none' };
  const lost = await cardgenius(['doctor', '--json'], gone);
  t.is(lost.code, 1);
  t.like(JSON.parse(lost.stdout).findings[0], { check: 'connection', state: 'fail', found: 'DATABASE_UNREACHABLE' });
  t.notRegex(lost.stdout, /secret/);
  t.is((await cardgenius(['doctor', '--role', 'king'], place)).code, 2);
});

test('a service does not start with a login that lacks a right of the processor; what is not there is the schema’s matter', async t => {
  const asking = (granted: (securable: string) => number | null) => ({
    dialect: 'mssql' as const,
    ask: async <Row>(_question: string, wanted: readonly { role: string; right: string; securable: string }[] = []) =>
      wanted.map(({ role, right, securable }) => ({
        role,
        right,
        securable,
        member: 0,
        granted: granted(securable),
      })) as Row[],
  });
  const role = 'cardgenius_processor';
  await t.notThrowsAsync(
    requireRights(
      asking(() => 1),
      role,
    ),
    'db_owner is in no role, and may all',
  );
  await t.notThrowsAsync(
    requireRights(
      asking(name => (name.endsWith('.lead') ? null : 1)),
      role,
    ),
  );
  const error = await t.throwsAsync(
    requireRights(
      asking(name => (name.endsWith('.check_chunk') ? 0 : 1)),
      role,
    ),
  );
  t.like(error, { code: 'RIGHTS_MISSING' });
  t.regex(
    error!.message,
    /lacks 1 of \d+ rights of cardgenius_processor, the first: EXECUTE on cardgenius\.check_chunk\./,
  );
  t.regex(error!.message, /cardgenius doctor --role processor/);
});

test('status: a leader that has gone silent is not said to lead, but until when its lease runs', t => {
  const lastSeen = new Date('2026-11-23T02:00:00Z');
  const processor = { id: 'vm:1:a', host: 'vm', pid: 1, version: '1', startedAt: lastSeen, stoppedAt: null, lastSeen };
  const told = (silentSeconds: number, leads: boolean) =>
    describeProcessors([{ ...processor, silentSeconds, leads }], 60).join('\n');
  t.regex(told(12, true), /12 s ago {2}leads$/);
  t.regex(told(38, true), /38 s ago {2}silent; its lease as leader ends 02:01:00Z$/);
  t.notRegex(told(38, false), /lease/);
});

test('status: a run that found no user due does not hide the last one that had users', t => {
  const users = { new: 0, pending: 0, completed: 190, failed: 0, other: 0 };
  const at = new Date('2026-11-23T02:00:00Z');
  const run = {
    runId: 3,
    kind: 'batch',
    state: 'done',
    reason: null,
    startedAt: at,
    finishedAt: at,
    chunks: 0,
    chunksClosed: 0,
    plannedUsers: 0,
    completed: 0,
    failed: 0,
    changed: 0,
    gone: 0,
    round: 1,
  } as unknown as RunProgress;
  const before = { ...run, runId: 2, chunks: 1, chunksClosed: 1, plannedUsers: 190, completed: 190 };
  const text = describeStatus(users, run, [], at, before);
  t.regex(
    text,
    /Run 3 found no user due \(2026-11-23T02:00Z\)\. The last run with users:\nRun 2 is done: 1 of 1 chunks, 190 users completed/,
  );
  t.regex(describeStatus(users, before, [], at), /Run 2 is done/);
  const paused = {
    ...before,
    state: 'paused',
    finishedAt: null,
    reason: 'GATE_FAILED_SHARE: 113 users have failed',
  } as const;
  t.regex(
    describeStatus({ ...users, failed: 3 }, paused, [], at),
    /look .*\n {2}go on .*\n3 users have failed; why: cardgenius errors/,
  );
  const byHand = { ...paused, reason: 'DBA maintenance' } as const;
  t.regex(describeStatus(users, byHand, [], at), /look {3}cardgenius runs show 2: who paused it, and when/);
  const running = { ...before, state: 'running', finishedAt: null } as const;
  t.regex(describeStatus(users, running, [], at), /No processor works on it now\. A serve process/);
  const own = { ...running, engineName: 'own', engineVersion: '6', fingerprint: 'f6' };
  const statusWith = (fingerprint: string) =>
    describeStatus(users, own, [], at, undefined, undefined, { name: 'own', version: '7', fingerprint });
  t.regex(statusWith('f6'), /A serve process .* goes on by itself/);
  t.regex(
    statusWith('f7'),
    /No processor works on it now\. Run 2 was opened with own 6, and own 7 .* The next slot .* supersedes it; at once: cardgenius schedule run NAME/,
  );
  t.notRegex(statusWith('f7'), /goes on by itself/);
});

test('status: when an active run is expected to end, by the clock of its zone; nothing where it cannot be known', t => {
  const startedAt = new Date('2026-11-22T20:30:00Z');
  const after = (seconds: number) => new Date(startedAt.getTime() + seconds * 1_000);
  const counts = { failed: 0, changed: 0, gone: 0 };
  const run = {
    ...{ runId: 2, state: 'running', startedAt, finishedAt: null, plannedUsers: 1_190, completed: 600 },
    ...counts,
  } as unknown as RunProgress;
  // One user a second, of late and since the start; 590 are left, and the estimate is in doubt by a tenth.
  const closed = {
    state: 'done',
    completed: 60,
    startedAt: after(500),
    closedAt: after(560),
    leaseUntil: null,
    ...counts,
  };
  const leased = { ...closed, state: 'leased', completed: 0, closedAt: null, leaseUntil: after(640) };
  const chunks = [closed, leased] as unknown as ChunkProgress[];
  const end = (of: RunProgress | null, at: Date, zone = 'Asia/Kolkata') => describeEnd(of, chunks, at, zone);
  t.deepEqual(end(run, after(600)), ['Run 2 is expected to end at about 02:20 (+05:30), 11 min left.']);
  t.regex(end(run, after(600), 'America/New_York')[0]!, / about 15:50 \(-05:00\), /);
  t.deepEqual(end(null, after(600)), []);
  t.deepEqual(end({ ...run, state: 'paused' }, after(600)), []);
  t.deepEqual(end({ ...run, completed: 0 }, after(600)), [], 'no user is decided yet');
  t.deepEqual(end(run, after(700)), [], 'the lease is over: no processor works on it');
});
