import { randomUUID } from 'node:crypto';
import type { AuditDatabase } from '../../src/database/audit.ts';
import type { CoordinationDatabase } from '../../src/database/coordination.ts';
import type { Database } from '../../src/database/database.ts';
import type { HistoryDatabase } from '../../src/database/history.ts';
import type { MaintenanceDatabase } from '../../src/database/maintenance.ts';
import type { MigrationTarget } from '../../src/database/migrate/target.ts';
import { CARDS_PER_USER, type RecommendationSlice, type RunCard } from '../../src/model/recommendation.ts';
import type { Lease, OpenedRun, PublishRequest, RunRequest } from '../../src/model/run.ts';
import type { SpendingSlice } from '../../src/model/spending.ts';

/**
 * What the contract suite needs of an engine: the port itself, and a way to do what CashKaro and its DBAs do behind our
 * back, in the SQL that both dialects share.
 */
export interface ContractEngine {
  readonly database: Database;
  readonly audit: AuditDatabase;
  readonly history: HistoryDatabase;
  readonly coordination: CoordinationDatabase;
  readonly target: MigrationTarget;
  readonly maintenance: MaintenanceDatabase;
  execute(sql: string): Promise<void>;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** A session beside all others, for what happens at the same time; none where the engine has one connection for everything. */
  readonly openSession?: () => Promise<Session>;
}

/** A connection of its own, with its own transaction. */
export interface Session extends AsyncDisposable {
  execute(sql: string): Promise<void>;
  /** Resolves when another session of this database waits for a lock. */
  isWaitedFor(): Promise<void>;
  /** How many sessions wait for a lock now. */
  waiters(): Promise<number>;
}

export const FINGERPRINT = 'a'.repeat(64);
export const OTHER_FINGERPRINT = 'b'.repeat(64);

/** Twelve cards; card n costs n × 100 rupees. */
export const CARDS: readonly RunCard[] = Array.from({ length: 12 }, (_, cardNo) => ({
  cardNo,
  name: `Card ${String(cardNo).padStart(2, '0')}`,
  joiningFees: cardNo * 10_000,
  redemptionMethod: 'Vouchers',
  redemptionRate: 2500 + cardNo,
  definition: '{"id":"card"}',
}));

export const runRequest = (overrides: Partial<RunRequest> = {}): RunRequest => ({
  kind: 'batch',
  engineName: 'contract',
  engineVersion: '1',
  fingerprint: FINGERPRINT,
  cards: CARDS,
  chunkSize: 4,
  userLimit: null,
  maxRounds: 3,
  requestedBy: 'contract suite',
  deadlineAt: null,
  utcOffsetMinutes: 330,
  stampUnchanged: true,
  ...overrides,
});

export const userId = (n: number): string => `CK${String(n).padStart(7, '0')}`;

/** Empties everything, so that each test starts from the same nothing. */
export async function reset({ execute }: ContractEngine): Promise<void> {
  const tables = [
    'cardgenius.staged_recommendation',
    'cardgenius.staged_outcome',
    'cardgenius.staged_spending',
    'cardgenius.chunk_user',
    'cardgenius.completed_user',
    'cardgenius.chunk_attempt',
    'cardgenius.chunk',
    'cardgenius.run_card',
    'cardgenius.run_catalog',
    'cardgenius.kept_catalog',
    'cardgenius.run',
    'cardgenius.import',
    'cardgenius.schedule_fire',
    'cardgenius.schedule',
    'cardgenius.leader',
    'cardgenius.processor',
    'cardgenius.alert',
    'cardgenius.act',
    'card_recommendations',
    'user_spending_data',
  ];
  await execute(tables.map(table => `DELETE FROM ${table};`).join('\n'));
}

/** The engine with a list of what was staged through it: `endLoads` gives back what the loads of a test still hold. */
export function trackLoads<Engine extends ContractEngine>(
  engine: Engine,
): { tracked: Engine; endLoads(): Promise<void> } {
  const loads = new Set<number>();
  const { database } = engine;
  const stage: Database['stage'] = (loadNo, slices) => {
    loads.add(loadNo);
    return database.stage(loadNo, slices);
  };
  return {
    tracked: { ...engine, database: Object.assign(Object.create(database), { stage }) },
    async endLoads() {
      for (const loadNo of loads) await database.endLoad(loadNo);
    },
  };
}

/** Imports users 1 to `count`; user n spends n rupees on amazon, nothing known on flipkart, and 10 n in all. */
export async function importUsers(
  { database }: ContractEngine,
  count: number,
  amount = (n: number) => n * 100,
): Promise<void> {
  const loadNo = await database.beginImport('contract suite');
  const rows = Array.from({ length: count }, (_, i) => ({
    lineNo: i + 2,
    userId: userId(i + 1),
    amounts: [amount(i + 1), null, 0, 0, 0, (i + 1) * 1000],
  }));
  await database.stageSpending(loadNo, rows);
  await database.rejectDuplicates(loadNo);
  await database.publishImport(loadNo, 1, count + 1);
  await database.endImport(loadNo, 0);
}

export async function openRun({ database }: ContractEngine, overrides: Partial<RunRequest> = {}): Promise<OpenedRun> {
  return database.openRun(runRequest(overrides));
}

/** Claims under a fresh token; the test fails where there is nothing to claim. */
export async function claim(
  { database }: ContractEngine,
  runId: number,
  { fingerprint = FINGERPRINT, processor = 'suite' } = {},
): Promise<Lease & { users: number; attempt: number }> {
  const token = randomUUID();
  const answer = await database.claimChunk({ runId, processor, token, fingerprint, leaseSeconds: 60 });
  if (answer.outcome !== 'claimed') throw new Error(`expected a chunk, but: ${answer.outcome}`);
  return { runId, chunkNo: answer.chunkNo, token, users: answer.users, attempt: answer.attempt };
}

/**
 * A trigger of CashKaro's on `table`, which refuses a row that `condition` is true of (its columns as `{row}.column`), with an
 * error number of its own. Returns what drops it.
 */
export async function refuseByTrigger(
  { execute, database }: ContractEngine,
  table: string,
  condition: string,
  { number = 51000, sqlState = 'MY001' } = {},
): Promise<() => Promise<void>> {
  if (database.description.startsWith('mssql')) {
    await execute(`CREATE TRIGGER dbo.contract_refuses ON dbo.${table} AFTER INSERT, UPDATE AS
      IF EXISTS (SELECT 1 FROM inserted AS i WHERE ${condition.replaceAll('{row}', 'i')})
        THROW ${number}, 'not this one', 1;`);
    return () => execute('DROP TRIGGER dbo.contract_refuses');
  }
  await execute(`CREATE FUNCTION contract_refuses() RETURNS TRIGGER LANGUAGE plpgsql AS $$
    BEGIN
      IF ${condition.replaceAll('{row}', 'NEW')} THEN
        RAISE EXCEPTION 'not this one' USING ERRCODE = '${sqlState}';
      END IF;
      RETURN NEW;
    END $$`);
  await execute(
    `CREATE TRIGGER contract_refuses BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION contract_refuses()`,
  );
  return async () => {
    await execute(`DROP TRIGGER contract_refuses ON ${table}`);
    await execute('DROP FUNCTION contract_refuses()');
  };
}

/** Lets every lease run out, as if the processors that hold them had died a while ago. */
export async function expireLeases({ execute }: ContractEngine): Promise<void> {
  await execute("UPDATE cardgenius.chunk SET lease_until = '2020-01-01' WHERE state = 'leased'");
}

/** Ten rows a user, recognisable: card (rank + shift), yearly = user number and rank in paise. */
export function recommend(
  users: SpendingSlice,
  options: { shift?: number; failed?: readonly number[] } = {},
): RecommendationSlice {
  const { shift = 0, failed = [] } = options;
  const served = [...users.userNo].filter(no => !failed.includes(no));
  const rows = served.length * CARDS_PER_USER;
  return {
    userNo: Int32Array.from(served),
    cardNo: Int32Array.from({ length: rows }, (_, r) => (r % CARDS_PER_USER) + shift),
    yearly: Float64Array.from({ length: rows }, (_, r) => served[Math.floor(r / 10)]! * 100_000 + (10 - (r % 10))),
    extra: Float64Array.from({ length: rows }, () => 50_000),
    points: Float64Array.from({ length: rows * 6 }, (_, i) => Math.floor(i / rows) * 100 + 7),
    failures: failed.map(userNo => ({ userNo, code: 'INVALID_SPENDING', message: `user number ${userNo} is bad` })),
  };
}

/** Reads, computes and loads what a lease holds; returns the load's number. */
export async function load(
  { database }: ContractEngine,
  lease: Lease,
  options: Parameters<typeof recommend>[1] = {},
): Promise<number> {
  const users = await database.readChunk(lease);
  const loadNo = (await database.beginLoad(lease))!;
  await database.stage(loadNo, [recommend(users, options)]);
  return loadNo;
}

export const publishRequest = (loadNo: number | null, overrides: Partial<PublishRequest> = {}): PublishRequest => ({
  loadNo,
  span: null,
  failure: null,
  computeMs: 1,
  loadMs: 2,
  ...overrides,
});

/** The whole way of one chunk; its load ends with it, as a processor's does. */
export async function process(
  engine: ContractEngine,
  lease: Lease,
  options: Parameters<typeof recommend>[1] = {},
): Promise<Awaited<ReturnType<Database['publishChunk']>>> {
  const loadNo = await load(engine, lease, options);
  try {
    return await engine.database.publishChunk(lease, publishRequest(loadNo));
  } finally {
    await engine.database.endLoad(loadNo);
  }
}

export async function statuses({ query }: ContractEngine): Promise<string[]> {
  const rows = await query('SELECT processing_status FROM user_spending_data ORDER BY user_id');
  return rows.map(row => String(row.processing_status));
}

export async function count({ query }: ContractEngine, table: string, where = '1 = 1'): Promise<number> {
  const [row] = await query(`SELECT COUNT(*) AS number FROM ${table} WHERE ${where}`);
  return Number(row!.number);
}
