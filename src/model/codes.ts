/**
 * Every error code: what happened, and what to do. The tables of docs/troubleshooting.md are written from it (`npm run docs:codes`).
 * Imports nothing.
 */

/** The part of the program that a code belongs to; each has its table. */
export type CodeKind =
  | 'program'
  | 'database'
  | 'schema'
  | 'run'
  | 'user'
  | 'engine'
  | 'files'
  | 'commands'
  | 'dashboard';

/** What to do about a code, for messages of the command line: where to look, and how to go on. */
export interface Remedy {
  readonly look: string;
  readonly goOn: string;
}

/**
 * `isUsage`: the call, the configuration or a file is wrong, and nothing was touched; the program ends with exit code 2.
 * `remedy` is for the page; `inShort` says the same at the command line, for what pauses a run or fails a user.
 */
type Row = readonly [
  codes: readonly string[],
  kind: CodeKind,
  isUsage: boolean,
  happened: string,
  remedy: string,
  inShort?: Remedy,
];

const PASS = 'cardgenius resume --accept-gate && cardgenius run; or cardgenius cancel';
const RESUME = 'cardgenius resume && cardgenius run';

/** Texts are Markdown, with links relative to docs/. MSSQL_n and POSTGRES_n stand for a server's own number. */
// biome-ignore format: a row a line
export const CODES = [
  [['NODE_TOO_OLD'], 'program', true, 'Node is older than 24. In a clone, a very old one says `Unknown file extension ".ts"` instead', 'install Node 24, or use the one that was installed: `node_modules/.bin/node src/cli/main.ts status` in a clone, `npm install node@24` beside the package'],
  [['CONFIG_UNREADABLE'], 'program', true, 'the file of `--config` or of a `_FILE` variable is missing or cannot be loaded', 'correct the path; the message has the reason'],
  [['CONFIG_INVALID'], 'program', true, 'a key is unknown, or its value is wrong', 'correct the key or variable that the message names: [configuration](configuration.md)'],
  [['HEALTH_ADDRESS'], 'program', true, 'the address of `service.health` cannot be opened', 'use another port, or end the process that uses it'],
  [['DATABASE_URL'], 'database', true, 'the address has an unknown form, or an option is wrong', '`pglite:PATH`, `pglite:memory`, `postgres://…` or `mssql://user@host:1433/database`; [options](sql-server.md#connect)'],
  [['DATABASE_MISSING'], 'database', true, 'this folder has no embedded database of that name; none was created', 'change the folder, or set `CARDGENIUS_DATABASE_URL` in this shell: [how a command is typed](operations.md#how-a-command-is-typed). A new one: `import` or `demo`'],
  [['DEMO_EMBEDDED'], 'database', true, '`demo` or `npm start` with a server configured; it invents no users there', 'unset `CARDGENIUS_DATABASE_URL` for the demo; else use `cardgenius run` or `serve`'],
  [['DATABASE_UNREACHABLE'], 'database', false, 'no connection: host, port, firewall, or a server that is down', 'test from the same machine; `serve` waits by itself'],
  [['DATABASE_CERTIFICATE'], 'database', false, "the server's certificate does not verify", '`NODE_EXTRA_CA_CERTS=ca.pem`, or use the server name of the certificate'],
  [['DATABASE_LOGIN'], 'database', false, 'the server refused the login', 'check the user, and `CARDGENIUS_DATABASE_PASSWORD` or the file of `CARDGENIUS_DATABASE_PASSWORD_FILE`'],
  [['DATABASE_UNKNOWN'], 'database', false, 'the database does not exist, or the login may not use it', 'correct the name, or have a DBA [make the login a user](dba-guide.md#logins)'],
  [['SYSTEM_DATABASE'], 'database', true, 'the address names `master` or another system database', 'name the database with `user_spending_data`'],
  [['DATABASE_BUSY'], 'database', false, 'a lock or a free connection was not available in time', 'nothing: the step is tried again. If it stays, look for blocking sessions, or raise `sqlServer.workConnections`'],
  [['MIGRATION_INTERRUPTED'], 'database', false, 'the connection was lost while a file was applied; the server rolled it back', '`cardgenius migrate` again'],
  [['DATABASE_IN_USE'], 'database', false, 'another process uses the embedded folder', 'wait for the process that the message names, or stop it'],
  [['DATABASE_UNUSABLE'], 'database', false, 'the embedded folder cannot be created, is no database, or is of another version', 'name another folder'],
  [['DISK_FULL'], 'database', false, 'too little space for the embedded database', 'free space, or name a folder on another disk'],
  [['DATABASE_DIED', 'DATABASE_STUCK'], 'database', false, "the embedded engine's thread ended, or did not answer for ten minutes", 'run the command again; it redoes what was not committed'],
  [['DATABASE_CLOSED'], 'database', false, 'a query came after the end: a bug', 'report it with `--verbose`'],
  [['ANSWER_MISSING'], 'database', false, 'a procedure ended without its answer: the connection was out of step, or the procedure was replaced', 'nothing: it is called again. If it stays, `migrate --verify` names the replaced procedure'],
  [['DATABASE_FAILED'], 'database', false, 'an error without a number', "read the message, and the server's log"],
  [['MSSQL_n', 'POSTGRES_n'], 'database', false, 'an error of the server with its own number', '[what the program does](sql-server.md#when-the-server-is-in-trouble); for 229 and the like `doctor` names the missing right'],
  [['BENCH_DATABASE_REFUSED'], 'database', false, '`bench` may not create a database on the server', '`GRANT CREATE ANY DATABASE TO [login]` in master, or another login; on Azure SQL, master in the address and a login in dbmanager'],
  [['CONTRACT_BROKEN'], 'database', false, 'a column of `user_spending_data` or `card_recommendations` is missing or of another type', 'correct the column that the message names, then `migrate`'],
  [['SCHEMA_OUTDATED'], 'schema', false, 'the database lacks a file of this version, or an optional column was added or dropped since', "`cardgenius migrate`, with the migrator's login: [upgrade](upgrade.md)"],
  [['CONTRACT_COLUMN'], 'schema', false, 'a further column is NOT NULL without a default, or an optional one has a type that the processor cannot write', 'give it a DEFAULT, NULL or another type, as the message says; `doctor` lists all'],
  [['SCHEMA_TOO_NEW'], 'schema', false, 'the database has a breaking change that this version does not know', 'use the newer version'],
  [['MIGRATION_EDITED'], 'schema', false, 'an applied file was edited', 'restore the file; write a new migration for the change'],
  [['MIGRATION_LOCKED'], 'schema', false, 'another migrator is running', 'wait for it'],
  [['RIGHTS_MISSING'], 'schema', false, '`serve` with a login that lacks a right of the processor', 'run `deploy/sql/grants.sql` (PostgreSQL: `deploy/sql/postgres/grants.sql`) as the owner of the database; `doctor --role processor` lists what is missing'],
  [['NO_ACTIVE_RUN'], 'run', false, 'there is no run to pause, resume or cancel', '`cardgenius status`'],
  [['RUN_ACTIVE'], 'run', false, 'a dry run while a run is active, or a run while a processor works on a dry run', 'wait, or `cardgenius cancel`'],
  [['USER_IN_CHUNK'], 'run', false, '`forget USER` while a chunk with that user is open', 'wait for the run to end, or `cardgenius cancel`; then again'],
  [['RUN_PAUSED'], 'run', false, 'a run is paused, and this start has another engine, catalogue or kind', 'read its reason in `cardgenius status`; then `cardgenius resume` or `cardgenius cancel`'],
  [['FINGERPRINT_MISMATCH'], 'run', false, 'this processor has another catalogue, engine or limit than the run', 'give all processors the same. A start with no other processor at work supersedes the run'],
  [['GATE_FAILED_SHARE'], 'run', false, 'too many users failed (`maxFailedShare`); the run paused before it published more', 'remove the cause that `cardgenius status` names and `cardgenius resume`, or `resume --accept-gate`, or `cancel`: [gates](operations.md#gates)', { look: 'the code in the reason; cardgenius runs show', goOn: PASS }],
  [['GATE_FEWER_ELIGIBLE'], 'run', false, 'far fewer users are due than in the last comparable run (`minEligibleShare`)', 'check that all spends arrived; then `resume --accept-gate` or `cancel`', { look: 'cardgenius status: have all spends arrived?', goOn: PASS }],
  [['GATE_FIRST_CARDS'], 'run', false, 'too many users would get another first card (`maxFirstCardChangedShare`)', '`catalog diff` and `recommend USER --explain` show why; then `resume --accept-gate` or `cancel`', { look: 'cardgenius run --dry-run --all; cardgenius catalog diff OLD NEW --database; cardgenius recommend USER --explain', goOn: PASS }],
  [['REFUSED_SYSTEMICALLY'], 'run', false, 'the database refused so many users of a chunk that the users are not the cause; the run paused', 'remove the constraint or trigger that `cardgenius errors` names; `cardgenius resume`', { look: 'the constraint or trigger that the message names', goOn: `take it away, then: ${RESUME}` }],
  [['REFUSED_DECISION'], 'run', false, "the database refused a user's cards, and also the status `failed`; the run paused", 'find the `user_id` of chunk and user number in `cardgenius.chunk_user`; remove the trigger or constraint; `cardgenius resume`', { look: 'the constraint or trigger that refuses the status failed', goOn: `take it away, then: ${RESUME}` }],
  [['PROCESSOR_FAILED'], 'run', false, 'an attempt ended in an error without a code', '`cardgenius runs show N` has the text'],
  [['STAGING_INCOMPLETE'], 'run', false, 'a load arrived in part', 'of a run, nothing: it is loaded again; of an import, run `import` again'],
  [['LEASE_LOST'], 'run', false, 'another processor has the chunk now; nothing was written', "nothing. If it is frequent, check the machine's load, or raise `leaseSeconds`"],
  [['SCHEDULE_OPENS_NO_RUN'], 'run', true, 'the schedule is of kind `parity`', 'to compare now: `cardgenius parity --url URL`'],
  [['INVALID_SPENDING'], 'user', false, 'a spend is negative or above `maxMonthlySpend`, or the engine never serves this user', 'correct the spends and import them again', { look: 'the spends of the users: cardgenius errors --csv FILE', goOn: 'correct the spends and import them; a retry without that fails again' }],
  [['RESULT_OUT_OF_RANGE'], 'user', false, 'a result does not fit DECIMAL(12,2)', 'correct the card that the message names', { look: 'the card that the reason names: cardgenius catalog show CARD', goOn: 'correct the card, then: cardgenius retry --code RESULT_OUT_OF_RANGE; without that a retry fails again' }],
  [['REFUSED_BY_DATABASE'], 'user', false, "the database refuses this user's rows", 'remove the constraint or trigger that the message names; `cardgenius retry --code REFUSED_BY_DATABASE`', { look: 'the constraint or trigger that the reason names', goOn: 'take it away, then: cardgenius retry --code REFUSED_BY_DATABASE' }],
  [['ENGINE_CRASHED'], 'user', false, 'five processes in a row, or two threads, died with this user', 'test the engine with `recommend`; then `cardgenius retry --code ENGINE_CRASHED`', { look: 'cardgenius recommend USER', goOn: 'correct the engine, then: cardgenius retry --code ENGINE_CRASHED' }],
  [['ENGINE_FAILED'], 'user', false, 'the engine threw, or threads died with many users', 'read its message: [engines](engines.md#what-is-checked)', { look: 'the message of your engine', goOn: 'correct it, then: cardgenius retry --code ENGINE_FAILED' }],
  [['ENGINE_TIMEOUT'], 'user', false, 'no answer within `engineTimeoutSeconds`', 'make the engine faster, or raise the limit', { look: 'engineTimeoutSeconds of the configuration', goOn: 'make the engine faster or raise the limit, then: cardgenius retry --code ENGINE_TIMEOUT' }],
  [['OTHER'], 'user', false, 'the reason has no code: another program wrote it', '`cardgenius errors` shows it; then `cardgenius retry --code OTHER`'],
  [['ENGINE_ANSWER_INVALID'], 'user', false, 'the answer is not ten valid rows', 'the message names the rule; run [the kit](engines.md#the-kit)', { look: 'the rule that the reason names', goOn: 'correct the engine, then: cardgenius retry --code ENGINE_ANSWER_INVALID' }],
  [['ENGINE_UNREADABLE'], 'engine', true, 'the module is missing or cannot be read', 'correct the path, relative to `cron.config.ts`'],
  [['ENGINE_INVALID'], 'engine', true, 'the module cannot be loaded, or is no engine', '[what an engine declares](engines.md)'],
  [['ENGINE_CHANGED'], 'engine', false, 'a file of your engine, which the message names, is not the one that the run was planned with; the run stopped, no user failed', 'restore the file and `cardgenius run`; or `cardgenius run` with the new one, which supersedes the run'],
  [['EXPLAIN_BUILT_IN_ONLY'], 'engine', true, '`--explain` with an engine of your own', 'leave it out'],
  [['NO_CATALOG'], 'engine', false, 'the run kept no catalogue: it does not exist, was pruned, used your own engine, or is older than 0.3', 'choose another one of `cardgenius runs`'],
  [['CATALOG_TOO_FEW_CARDS'], 'engine', true, '`eligibleCards` is `commissionable`, and fewer than ten open cards are', "complete the cards' `offer`, or set `eligibleCards` to `open`"],
  [['CATALOG_UNREADABLE', 'CATALOG_NOT_JSON', 'CATALOG_INVALID'], 'engine', true, 'the catalogue is missing, is no JSON, or breaks a rule', 'correct the card and field that the message names; `cardgenius catalog check` finds all faults'],
  [['SEED_ON_SERVER'], 'files', true, '`seed` on a server, whose users may be real', '`--yes-invent-users-here`, or unset `CARDGENIUS_DATABASE_URL`'],
  [['OUTPUT_LOST'], 'files', false, 'stdout could not be written (a full disk); the work was done', 'free space, and ask again: `status`, `runs`'],
  [['CSV_UNREADABLE'], 'files', true, 'no such file, a folder, or a file that stops being readable', 'correct the path'],
  [['CSV_FORM'], 'files', true, 'the file is no text (a workbook, a ZIP, a PDF, another compression than gzip, UTF-16 without its mark), or `--delimiter` is wrong', 'save it as the message says'],
  [['CSV_HEADER'], 'files', true, 'the first line lacks a column, or uses another delimiter', '[the seven columns](getting-started.md#2-import-your-csv), separated by commas or by `--delimiter`. From a spreadsheet: save as "CSV UTF-8 (comma delimited)"'],
  [['CSV_BROKEN'], 'files', true, 'from that line on the file is no CSV: an open quote, or a row above 64 KB', 'correct the line and import again; nothing was imported'],
  [['CSV_UNWRITABLE', 'FILE_UNWRITABLE'], 'files', true, 'a CSV or another file cannot be written', 'check free space and permissions, that the folder exists, and that the path is not a folder'],
  [['RECOMMEND_WHOM', 'RECOMMEND_AMOUNT', 'REDO_WHOM', 'PRUNE_OPTIONS', 'PRUNE_KEEP', 'DOCTOR_ROLE', 'MIGRATE_OPTIONS', 'MIGRATE_SQL', 'OFFLINE_FROM', 'OFFLINE_TABLES', 'RUN_NUMBER', 'RUN_ALL', 'PARITY_SOURCE', 'PARITY_TOLERANCE', 'PARITY_THRESHOLD', 'PARITY_URL', 'PARITY_HEADER'], 'commands', true, 'an argument is missing or wrong, or two exclude each other', 'what the message says; `--help` has examples'],
  [['NO_SUCH_SCHEDULE', 'NO_SUCH_CARD', 'PARITY_NOBODY'], 'commands', true, 'no schedule, card or user of that name, or several cards', '`schedule list`, or the names in the message'],
  [['NO_SUCH_USER', 'NO_SUCH_RUN'], 'commands', false, 'the database has no such user or run', 'check the id or number, and the database in the first line of `status`'],
  [['NAMES_UNREADABLE', 'NAMES_CARD', 'CSV_INVALID', 'GOLDEN_HEADER', 'GOLDEN_INVALID', 'GOLDEN_EMPTY', 'ANSWERS_UNREADABLE', 'ANSWERS_EMPTY'], 'commands', true, 'a file of `catalog names` or `parity` is missing, empty or wrong', 'correct the line or file that the message names; nothing was written'],
  [['ORPHANS_MANY'], 'commands', false, 'more than one user in ten with recommendations is missing from `user_spending_data`', 'is that table being loaded? Else `--yes`'],
  [['NO_CHANNELS'], 'commands', true, '`alerts test` without a channel', 'set `alerts` in [configuration](configuration.md)'],
  [['ALERT_NOT_TOLD', 'ALERT_REFUSED'], 'commands', false, 'a channel could not be reached, or its receiver refused', 'correct address and secret; then `cardgenius alerts test`'],
  [['API_FAILED'], 'commands', false, 'the API gave no answer in four attempts, or a redirect', 'try later; kept answers stay. For a redirect, name its target'],
  [['API_BUDGET'], 'commands', false, 'the 60 calls of `catalog from-api` were used up by failures', 'try later'],
  [['FROM_API_FEW'], 'commands', false, 'fewer than ten cards are complete; nothing was written', 'save the answers that the message asks for, or ask the live API'],
  [['DASHBOARD_ADDRESS', 'DASHBOARD_PORT'], 'dashboard', true, 'the port is invalid or taken', 'choose another'],
  [['DASHBOARD_TOKEN'], 'dashboard', true, 'no token is set and there is no terminal to print one on, or other machines could see the page; or a token is weak, or equals another', '`CARDGENIUS_DASHBOARD_TOKEN`: `openssl rand -hex 24`; or `--open` on your own machine'],
  [['TOKEN_FILE_OPEN'], 'dashboard', true, "every user of the machine can read the token's file", '`chmod 0600`, and a new token'],
  [['TOKEN_NEEDED', 'TOKEN_REFUSED'], 'dashboard', false, 'the page needs a token, or does not know this one', 'sign in with a token that was set at the start'],
  [['PROXY_NEEDS_TOKEN'], 'dashboard', false, 'no token is set, and the request came through a proxy', '`CARDGENIUS_DASHBOARD_TOKEN`, then sign in: [behind a proxy](dashboard.md#behind-a-proxy)'],
  [['RUN_IS_OVER'], 'dashboard', false, 'the run ended before the button was pressed', 'reload the page'],
  [['MAY_NOT_ACT', 'OTHER_ORIGIN'], 'dashboard', false, 'this token is for looking only; or another page sent the request', 'use the token for acting; use the page itself'],
  [['TOO_MANY_REQUESTS', 'TOO_MANY_STREAMS'], 'dashboard', false, 'too many requests from this address, or too many open pages', 'close some, wait a minute'],
  [['NOT_ASKED_YET'], 'dashboard', false, 'the database has not answered yet', 'try again in a moment'],
  [['BAD_REQUEST', 'NOT_FOUND', 'USER_ID', 'CODE', 'SCHEDULE'], 'dashboard', false, 'the page asked for something that does not exist', 'check the input'],
  [['FAILED'], 'dashboard', false, 'an error without a code', 'read the log of `serve`; if it stays, report it'],
] as const satisfies readonly Row[];

/** A code of an error that is thrown before anything was touched. */
export type UsageCode = Extract<(typeof CODES)[number], { readonly 2: true }>[0][number];

/** By the code of a reason, or by a reason that begins with its code. */
export function remedyOf(reason: string): Remedy | undefined {
  const code = /^[A-Z_]+/.exec(reason)?.[0] ?? '';
  const row: Row | undefined = CODES.find(([codes]: Row) => codes.includes(code));
  return row?.[5];
}

/** Two lines. */
export const remedyLines = ({ look, goOn }: Remedy): string => `  look   ${look}\n  go on  ${goOn}`;
