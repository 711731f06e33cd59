/**
 * Every error code: what happened, and what to do, where its message does not say it. The tables of docs/troubleshooting.md are written
 * from it (`npm run docs:codes`). Imports nothing.
 */

/** The part of the program that a code belongs to; each has its table. */
export type CodeKind = 'database' | 'run' | 'user' | 'engine' | 'commands' | 'dashboard';

/** What to do about a code, for messages of the command line: where to look, and how to go on. */
export interface Remedy {
  readonly look: string;
  readonly goOn: string;
  /** In place of `look` with an engine of one's own, where that names what only the built-in engine has. */
  readonly lookOwn?: string;
}

/**
 * `isUsage`: the call, the configuration or a file is wrong, and nothing was touched; the program ends with exit code 2.
 * `happened` and `remedy` are for the page; without them, the message says both. `inShort` is the remedy at the command line, for what
 * pauses a run or fails a user.
 */
export type CodeRow = readonly [
  codes: readonly string[],
  kind: CodeKind,
  isUsage: boolean,
  happened?: string | undefined,
  remedy?: string | undefined,
  inShort?: Remedy,
];

/** How a paused run goes on; `run` is refused beside the `serve` of an embedded database, and not needed beside any. */
export const RESUME = 'cardgenius resume (without serve, then: cardgenius run)';
/** The same at a gate: resumed alone, the run pauses again. A corrected engine or catalogue has another fingerprint, and needs a run of its own. */
export const GATE_GO_ON = `fix the cause, then: ${RESUME}; to pass: cardgenius resume --accept-gate; with another engine or catalogue: cardgenius cancel, then: cardgenius schedule run NAME (without serve: cardgenius run)`;
/** A run that no processor works on. */
export const GOES_ON =
  'A serve process with its engine and catalogue goes on by itself; where none runs: cardgenius run';

/** In the place of both texts: `status` and `errors` say them in short. */
const IN_SHORT = [undefined, undefined] as const;
/** What happened, and the remedy, of several codes. */
const OF_ENGINE = [
  'the engine failed for this user',
  '[what is checked](engines.md#what-is-checked); correct the engine, then `retry --code CODE`',
] as const;

/** Texts are Markdown, with links relative to docs/. MSSQL_n and POSTGRES_n stand for a server's own number. */
// biome-ignore format: a row a line
export const CODES = [
  [['DATABASE_MISSING'], 'database', true, 'this folder has no embedded database', 'set `CARDGENIUS_DATABASE_URL` in this shell ([how a command is typed](operations.md#how-a-command-is-typed)), or begin with `import` or `demo`'],
  [['DATABASE_BUSY'], 'database', false, 'a lock or a connection was not free in time', 'nothing: the step is tried again. If it stays, look for blocking sessions, or raise `sqlServer.workConnections`'],
  [['DATABASE_IN_USE'], 'database', false, 'another process has the embedded folder open, and does not carry out this command', 'the message names that process and what it carries out. For `verify`, `doctor`, `prune`, `run --dry-run --all`: stop `serve`, run the command, start `serve`: an active run continues, and a slot that was missed meanwhile is [caught up](operations.md#the-ledger)'],
  [['DATABASE_DIED', 'DATABASE_STUCK'], 'database', false, "the embedded engine's thread ended, or did not answer for ten minutes", 'run the command again'],
  [['ANSWER_MISSING'], 'database', false, 'a procedure ended without its answer', 'nothing: it is called again. If it stays, `migrate --verify` names the replaced procedure'],
  [['DATABASE_FAILED'], 'database', false, 'an error without a number', "read the server's log"],
  [['MSSQL_n', 'POSTGRES_n'], 'database', false, 'an error of the server with its own number', '[what the program does](sql-server.md#when-the-server-is-in-trouble); `doctor` names a missing right'],
  [['DEMO_EMBEDDED', 'SYSTEM_DATABASE', 'DATABASE_URL'], 'database', true],
  [['MIGRATION_INTERRUPTED', 'DATABASE_UNUSABLE', 'DISK_FULL', 'CONTRACT_BROKEN', 'CONTRACT_COLUMN', 'SCHEMA_TOO_NEW', 'MIGRATION_EDITED', 'MIGRATION_LOCKED', 'DATABASE_UNREACHABLE', 'DATABASE_CERTIFICATE', 'DATABASE_LOGIN', 'DATABASE_UNKNOWN', 'DATABASE_CLOSED', 'BENCH_DATABASE_REFUSED', 'SCHEMA_OUTDATED', 'RIGHTS_MISSING'], 'database', false],
  [['FINGERPRINT_MISMATCH'], 'run', false, 'this processor has another catalogue, engine or limit than the run', 'give all processors the same. A start with no other processor at work supersedes the run'],
  [['GATE_FAILED_SHARE'], 'run', false, ...IN_SHORT, { look: 'cardgenius errors: a user of those, and how to see why', goOn: GATE_GO_ON }],
  [['GATE_FEWER_ELIGIBLE'], 'run', false, ...IN_SHORT, { look: 'cardgenius status: have all spends arrived?', goOn: GATE_GO_ON }],
  [['GATE_FIRST_CARDS'], 'run', false, ...IN_SHORT, { look: 'cardgenius run --dry-run --all; cardgenius catalog diff OLD NEW --database; cardgenius recommend USER --explain; have the spends changed?', lookOwn: 'cardgenius run --dry-run --all (from which first card to which); cardgenius recommend USER; what has changed in your engine, or in the spends', goOn: GATE_GO_ON }],
  [['REFUSED_SYSTEMICALLY'], 'run', false, ...IN_SHORT, { look: 'the constraint or trigger that the message names', goOn: `take it away, then: ${RESUME}` }],
  [['REFUSED_DECISION'], 'run', false, ...IN_SHORT, { look: 'the constraint or trigger that refuses the status failed', goOn: `take it away, then: ${RESUME}` }],
  [['PROCESSOR_FAILED'], 'run', false, 'an attempt ended in an error without a code', '`cardgenius runs show N` has the text'],
  [['STAGING_INCOMPLETE'], 'run', false, 'a load arrived in part', 'a run loads again by itself; repeat an import'],
  [['LEASE_LOST'], 'run', false, 'another processor has the chunk now', "nothing. If it is frequent, check the machine's load, or raise `leaseSeconds`"],
  [['SCHEDULE_OPENS_NO_RUN'], 'run', true],
  [['CARD_NOT_KEPT', 'NO_ACTIVE_RUN', 'USER_IN_CHUNK', 'RUN_ACTIVE', 'RUN_PAUSED'], 'run', false],
  [['INVALID_SPENDING'], 'user', false, ...IN_SHORT, { look: 'the column and the amount in the reason of each user: cardgenius errors --csv FILE', goOn: 'correct the spends and import them; or where maxMonthlySpend was too low raise it, then: cardgenius retry --code INVALID_SPENDING' }],
  [['RESULT_OUT_OF_RANGE'], 'user', false, ...IN_SHORT, { look: 'the card that the reason names: cardgenius catalog show CARD', lookOwn: 'the card that the reason names, in your engine', goOn: 'correct the card, then: cardgenius retry --code RESULT_OUT_OF_RANGE; without that a retry fails again' }],
  [['REFUSED_BY_DATABASE'], 'user', false, ...IN_SHORT, { look: 'the constraint or trigger that the reason names', goOn: 'take it away, then: cardgenius retry --code REFUSED_BY_DATABASE' }],
  [['ENGINE_CRASHED'], 'user', false, ...OF_ENGINE, { look: 'cardgenius recommend USER', goOn: 'correct the engine, then: cardgenius retry --code ENGINE_CRASHED' }],
  [['ENGINE_FAILED'], 'user', false, ...OF_ENGINE, { look: 'the message of your engine', goOn: 'correct it, then: cardgenius retry --code ENGINE_FAILED' }],
  [['ENGINE_TIMEOUT'], 'user', false, ...OF_ENGINE, { look: 'engineTimeoutSeconds of the configuration', goOn: 'make the engine faster or raise the limit, then: cardgenius retry --code ENGINE_TIMEOUT' }],
  [['ENGINE_ANSWER_INVALID'], 'user', false, ...OF_ENGINE, { look: 'the rule that the reason names', goOn: 'correct the engine, then: cardgenius retry --code ENGINE_ANSWER_INVALID' }],
  [['OTHER'], 'user', false, 'another program wrote the reason', '`cardgenius errors` shows it; then `cardgenius retry --code OTHER`'],
  [['CATALOG_UNREADABLE', 'CATALOG_NOT_JSON', 'CATALOG_INVALID'], 'engine', true, 'the catalogue is missing, is no JSON, or breaks a rule', '`cardgenius catalog check` finds all faults'],
  [['ENGINE_UNREADABLE', 'ENGINE_INVALID'], 'engine', true, 'the engine module is missing, has an error, or lacks a part of the interface', 'correct the line that the message names; `cardgenius recommend --amazon 1000` loads it and prints cards. A slot that was lost meanwhile: `schedule run NAME`'],
  [['EXPLAIN_BUILT_IN_ONLY', 'CATALOG_TOO_FEW_CARDS'], 'engine', true],
  [['NO_CATALOG', 'ENGINE_CHANGED'], 'engine', false],
  [['NODE_TOO_OLD'], 'commands', true, 'Node is older than 24; a very old one says `Unknown file extension ".ts"`', 'in a clone, `./cardgenius`; beside the package, `npm install node@24`'],
  [['OUTPUT_LOST'], 'commands', false, 'stdout could not be written; the work was done', 'free space; `status` and `runs` show what was done'],
  [['CONFIG_UNREADABLE', 'CONFIG_INVALID', 'HEALTH_ADDRESS', 'SEED_ON_SERVER', 'CSV_UNREADABLE', 'CSV_FORM', 'CSV_BROKEN', 'ALL_REJECTED', 'CSV_UNWRITABLE', 'FILE_UNWRITABLE', 'COMMAND_LINE', 'RECOMMEND_WHOM', 'RECOMMEND_AMOUNT', 'REDO_WHOM', 'FORGET_YES', 'PRUNE_OPTIONS', 'PRUNE_KEEP', 'DOCTOR_ROLE', 'MIGRATE_OPTIONS', 'MIGRATE_SQL', 'OFFLINE_FROM', 'OFFLINE_TABLES', 'RUN_NUMBER', 'RUN_ALL', 'CODE_UNKNOWN', 'PARITY_SOURCE', 'PARITY_TOLERANCE', 'PARITY_THRESHOLD', 'PARITY_URL', 'PARITY_HEADER', 'NO_SUCH_SCHEDULE', 'NO_SUCH_CARD', 'PARITY_NOBODY', 'NAMES_UNREADABLE', 'NAMES_CARD', 'CSV_INVALID', 'GOLDEN_HEADER', 'GOLDEN_INVALID', 'GOLDEN_EMPTY', 'ANSWERS_UNREADABLE', 'ANSWERS_EMPTY', 'NO_CHANNELS', 'NOT_INSTALLED', 'CSV_HEADER'], 'commands', true],
  [['NO_SUCH_USER', 'NO_SUCH_RUN', 'NO_COMPLETED_USERS', 'ORPHANS_MANY', 'API_FAILED', 'FROM_API_FEW', 'ALERT_NOT_TOLD', 'ALERT_REFUSED', 'API_BUDGET'], 'commands', false],
  [['PROXY_NEEDS_TOKEN'], 'dashboard', false, 'no token is set, and the request came through a proxy', 'set a token: [behind a proxy](dashboard.md#behind-a-proxy)'],
  [['OTHER_ORIGIN'], 'dashboard', false, 'another page sent the request, or a proxy changed the host name', 'use the page itself; [correct the proxy](dashboard.md#behind-a-proxy)'],
  [['FAILED'], 'dashboard', false, 'an error without a code', 'read the log of `serve`'],
  [['DASHBOARD_ADDRESS', 'DASHBOARD_PORT', 'DASHBOARD_TOKEN', 'TOKEN_FILE_OPEN'], 'dashboard', true],
  [['RUN_IS_OVER', 'TOO_MANY_REQUESTS', 'TOO_MANY_STREAMS', 'NOT_ASKED_YET', 'TOKEN_NEEDED', 'TOKEN_REFUSED', 'MAY_NOT_ACT', 'BAD_REQUEST', 'NOT_FOUND', 'USER_ID', 'CODE', 'SCHEDULE'], 'dashboard', false],
] as const satisfies readonly CodeRow[];

/** A code of an error that is thrown before anything was touched. */
export type UsageCode = Extract<(typeof CODES)[number], { readonly 2: true }>[0][number];

/** By the code of a reason, or by a reason that begins with its code. `enginePath`: that of an engine of one's own. */
export function remedyOf(reason: string, enginePath: string | undefined): Remedy | undefined {
  const code = /^[A-Z_]+/.exec(reason)?.[0] ?? '';
  const row: CodeRow | undefined = CODES.find(([codes]: CodeRow) => codes.includes(code));
  const remedy = row?.[5];
  return enginePath === undefined || remedy?.lookOwn === undefined ? remedy : { ...remedy, look: remedy.lookOwn };
}

/** Two lines. */
export const remedyLines = ({ look, goOn }: Remedy): string => `  look   ${look}\n  go on  ${goOn}`;
