import { type Finding, ok } from './finding.ts';

/** The row of queries/postgres/doctor_server.sql. */
export interface PostgresServerRow {
  readonly version_num: number;
  readonly autovacuum: string;
  readonly synchronous_commit: string;
  readonly fsync: string;
  readonly max_wal_mb: number;
  readonly work_mem_kb: number;
  readonly max_connections: number;
  readonly connections: number;
  readonly in_recovery: boolean;
  readonly public_creates: boolean;
  readonly dead_rows: number;
  readonly live_rows: number;
  readonly staging_mb: number;
  readonly oldest_transaction_s: number;
  readonly idle_slots: string;
  readonly retained_wal_mb: number;
}

const OLDEST_VERSION = 150_000;
/** The least max_wal_size: a run of 10,000 users writes about 40 MB of log; below this a checkpoint comes every few seconds, and each page goes into the log whole. */
const LEAST_WAL_MB = 4_096;
/** The least work_mem: a chunk's hash of 100,000 rows. */
const LEAST_WORK_MEM_KB = 16_384;
/** How large staging may be: twenty chunks, as much as grows between two visits of autovacuum, and then some. */
const MUCH_STAGING_MB = 4_096;
const LONG_TRANSACTION_S = 900;
const MUCH_RETAINED_MB = 10_240;

/** What a PostgreSQL server is set to, and what piles up in the database. */
export function checkPostgresServer(row: PostgresServerRow): Finding[] {
  const finding = (check: string, isRight: boolean, found: string, remedy: string, state: 'warn' | 'fail' = 'warn') =>
    isRight ? ok(check, found) : ({ check, state, found, remedy } satisfies Finding);
  const set = (name: string, value: string) => `ALTER SYSTEM SET ${name} = ${value}; SELECT pg_reload_conf();`;
  const free = row.max_connections - row.connections;
  const { dead_rows, live_rows, idle_slots } = row;
  return [
    finding(
      'oldest version',
      row.version_num >= OLDEST_VERSION,
      `${Math.trunc(row.version_num / 10_000)}`,
      'PostgreSQL 15 or later: MERGE is needed',
      'fail',
    ),
    finding(
      'standby',
      !row.in_recovery,
      row.in_recovery ? 'this is a standby: it takes no writes' : 'no standby',
      'Name the primary in CARDGENIUS_DATABASE_URL',
      'fail',
    ),
    finding(
      'autovacuum',
      row.autovacuum === 'on',
      row.autovacuum === 'on' ? 'on' : 'off: staging and the contract tables grow with each run',
      set('autovacuum', 'on'),
      'fail',
    ),
    finding(
      'durability',
      row.fsync === 'on' && row.synchronous_commit !== 'off',
      `fsync ${row.fsync}, synchronous_commit ${row.synchronous_commit}`,
      row.fsync === 'on'
        ? 'A crash may lose the last published chunks while the run knows them as done: leave it on. ' +
            set('synchronous_commit', "'on'")
        : `A crash may destroy the whole database. ${set('fsync', "'on'")}`,
      row.fsync === 'on' ? 'warn' : 'fail',
    ),
    finding(
      'max_wal_size',
      row.max_wal_mb >= LEAST_WAL_MB,
      `${row.max_wal_mb} MB${row.max_wal_mb < LEAST_WAL_MB ? ': checkpoints come every few seconds of a run, and each makes the log larger' : ''}`,
      set('max_wal_size', "'8GB'"),
    ),
    finding(
      'work_mem',
      row.work_mem_kb >= LEAST_WORK_MEM_KB,
      `${row.work_mem_kb / 1024} MB${row.work_mem_kb < LEAST_WORK_MEM_KB ? ': publishing a chunk of 10,000 sorts and hashes on disk' : ''}`,
      `ALTER ROLE "login" SET work_mem = '64MB', for the processors alone`,
    ),
    finding(
      'connections',
      free >= 12,
      `${row.connections} of ${row.max_connections} in use`,
      'A processor takes up to controlConnections + workConnections (12): raise max_connections, or put a pooler in session mode before it',
    ),
    finding(
      'rights in public',
      !row.public_creates,
      row.public_creates
        ? 'any login may create objects in schema public'
        : 'only trusted logins create in schema public',
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC; deploy/sql/postgres/grants.sql refuses otherwise',
    ),
    finding(
      'bloat',
      dead_rows < 100_000 || dead_rows < live_rows * 0.3,
      `${dead_rows.toLocaleString('en-US')} dead rows beside ${live_rows.toLocaleString('en-US')} of card_recommendations`,
      'VACUUM (ANALYZE) public.card_recommendations, public.user_spending_data; and see what keeps autovacuum: a long transaction, or a slot',
    ),
    finding(
      'staging',
      row.staging_mb < MUCH_STAGING_MB,
      `${row.staging_mb.toFixed(0)} MB`,
      'While no run and no import is active: TRUNCATE cardgenius.staged_recommendation, cardgenius.staged_outcome, cardgenius.staged_spending',
    ),
    finding(
      'long transactions',
      row.oldest_transaction_s < LONG_TRANSACTION_S,
      `the oldest is ${row.oldest_transaction_s.toFixed(0)} s old`,
      'SELECT pid, usename, application_name, xact_start, query FROM pg_stat_activity WHERE datname = current_database() ORDER BY xact_start',
    ),
    finding(
      'replication slots',
      idle_slots === '' && row.retained_wal_mb < MUCH_RETAINED_MB,
      idle_slots === ''
        ? `${row.retained_wal_mb.toFixed(0)} MB of log kept`
        : `not in use, and keeping ${row.retained_wal_mb.toFixed(0)} MB of log: ${idle_slots}`,
      'A slot that no standby reads fills the disk: start its standby, or SELECT pg_drop_replication_slot(…)',
    ),
  ];
}
