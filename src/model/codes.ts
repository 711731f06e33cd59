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

/** Exit 2: the call or the configuration is wrong, and nothing was touched. */
type Row = readonly [codes: readonly string[], kind: CodeKind, exit: 1 | 2, happened: string, remedy: string];

/** Texts are Markdown, with links relative to docs/. MSSQL_n and POSTGRES_n stand for a server's own number. */
// biome-ignore format: a row a line
export const CODES = [
  [['NODE_TOO_OLD'], 'program', 1, 'Node is older than 24. In a clone, a very old one says `Unknown file extension ".ts"` instead', 'install Node 24, or use the one that was installed: `node_modules/.bin/node src/cli/main.ts status` in a clone, `npm install node@24` beside the package'],
  [['CONFIG_UNREADABLE'], 'program', 2, 'the file of `--config` or of a `_FILE` variable is missing or cannot be loaded', 'correct the path; the message has the reason'],
  [['CONFIG_INVALID'], 'program', 2, 'a key is unknown, or its value is wrong', 'correct the key or variable that the message names: [configuration](configuration.md)'],
  [['HEALTH_ADDRESS'], 'program', 2, 'the address of `service.health` cannot be opened', 'use another port, or end the process that uses it'],
  [['DATABASE_URL'], 'database', 2, 'the address has an unknown form, or an option is wrong', '`pglite:PATH`, `pglite:memory`, `postgres://…` or `mssql://user@host:1433/database`; [options](sql-server.md#connect)'],
  [['DATABASE_MISSING'], 'database', 2, 'this folder has no embedded database of that name; none was created', 'change the folder, or set `CARDGENIUS_DATABASE_URL` in this shell: [how a command is typed](operations.md#how-a-command-is-typed). A new one: `import` or `demo`'],
  [['DEMO_EMBEDDED'], 'database', 2, '`demo` or `npm start` with a server configured; it invents no users there', 'unset `CARDGENIUS_DATABASE_URL` for the demo; else use `cardgenius run` or `serve`'],
  [['DATABASE_UNREACHABLE'], 'database', 1, 'no connection: host, port, firewall, or a server that is down', 'test from the same machine; `serve` waits by itself'],
  [['DATABASE_CERTIFICATE'], 'database', 1, "the server's certificate does not verify", '`NODE_EXTRA_CA_CERTS=ca.pem`, or use the server name of the certificate'],
  [['DATABASE_LOGIN'], 'database', 1, 'the server refused the login', 'check the user, and `CARDGENIUS_DATABASE_PASSWORD` or the file of `CARDGENIUS_DATABASE_PASSWORD_FILE`'],
  [['DATABASE_UNKNOWN'], 'database', 1, 'the database does not exist, or the login may not use it', 'correct the name, or have a DBA [make the login a user](dba-guide.md#logins)'],
  [['SYSTEM_DATABASE'], 'database', 2, 'the address names `master` or another system database', 'name the database with `user_spending_data`'],
  [['DATABASE_BUSY'], 'database', 1, 'a lock or a free connection was not available in time', 'nothing: the step is tried again. If it stays, look for blocking sessions, or raise `sqlServer.workConnections`'],
  [['MIGRATION_INTERRUPTED'], 'database', 1, 'the connection was lost while a file was applied; the server rolled it back', '`cardgenius migrate` again'],
  [['DATABASE_IN_USE'], 'database', 1, 'another process uses the embedded folder', 'wait for the process that the message names, or stop it'],
  [['DATABASE_UNUSABLE'], 'database', 1, 'the embedded folder cannot be created, is no database, or is of another version', 'name another folder'],
  [['DISK_FULL'], 'database', 1, 'too little space for the embedded database', 'free space, or name a folder on another disk'],
  [['DATABASE_DIED', 'DATABASE_STUCK'], 'database', 1, "the embedded engine's thread ended, or did not answer for ten minutes", 'run the command again; it redoes what was not committed'],
  [['DATABASE_CLOSED'], 'database', 1, 'a query came after the end: a bug', 'report it with `--verbose`'],
  [['ANSWER_MISSING'], 'database', 1, 'a procedure ended without its answer: the connection was out of step, or the procedure was replaced', 'nothing: it is called again. If it stays, `migrate --verify` names the replaced procedure'],
  [['DATABASE_FAILED'], 'database', 1, 'an error without a number', "read the message, and the server's log"],
  [['MSSQL_n', 'POSTGRES_n'], 'database', 1, 'an error of the server with its own number', '[what the program does](sql-server.md#when-the-server-is-in-trouble); for 229 and the like `doctor` names the missing right'],
  [['BENCH_DATABASE_REFUSED'], 'database', 1, '`bench` may not create a database on the server', '`GRANT CREATE ANY DATABASE TO [login]` in master, or another login; on Azure SQL, master in the address and a login in dbmanager'],
  [['CONTRACT_BROKEN'], 'database', 1, 'a column of `user_spending_data` or `card_recommendations` is missing or of another type', 'correct the column that the message names, then `migrate`'],
  [['SCHEMA_OUTDATED'], 'schema', 1, 'the database lacks a file of this version, or an optional column was added or dropped since', "`cardgenius migrate`, with the migrator's login: [upgrade](upgrade.md)"],
  [['CONTRACT_COLUMN'], 'schema', 1, 'a further column is NOT NULL without a default, or an optional one has a type that the processor cannot write', 'give it a DEFAULT, NULL or another type, as the message says; `doctor` lists all'],
  [['SCHEMA_TOO_NEW'], 'schema', 1, 'the database has a breaking change that this version does not know', 'use the newer version'],
  [['MIGRATION_EDITED'], 'schema', 1, 'an applied file was edited', 'restore the file; write a new migration for the change'],
  [['MIGRATION_LOCKED'], 'schema', 1, 'another migrator is running', 'wait for it'],
  [['RIGHTS_MISSING'], 'schema', 1, '`serve` with a login that lacks a right of the processor', 'run `deploy/sql/grants.sql` (PostgreSQL: `deploy/sql/postgres/grants.sql`) as the owner of the database; `doctor --role processor` lists what is missing'],
  [['NO_ACTIVE_RUN'], 'run', 1, 'there is no run to pause, resume or cancel', '`cardgenius status`'],
  [['RUN_ACTIVE'], 'run', 1, 'a dry run while a run is active, or a run while a processor works on a dry run', 'wait, or `cardgenius cancel`'],
  [['USER_IN_CHUNK'], 'run', 1, '`forget USER` while a chunk with that user is open', 'wait for the run to end, or `cardgenius cancel`; then again'],
  [['RUN_PAUSED'], 'run', 1, 'a run is paused, and this start has another engine, catalogue or kind', 'read its reason in `cardgenius status`; then `cardgenius resume` or `cardgenius cancel`'],
  [['FINGERPRINT_MISMATCH'], 'run', 1, 'this processor has another catalogue, engine or limit than the run', 'give all processors the same. A start with no other processor at work supersedes the run'],
  [['GATE_FAILED_SHARE'], 'run', 1, 'too many users failed (`maxFailedShare`); the run paused before it published more', 'remove the cause that `cardgenius status` names and `cardgenius resume`, or `resume --accept-gate`, or `cancel`: [gates](operations.md#gates)'],
  [['GATE_FEWER_ELIGIBLE'], 'run', 1, 'far fewer users are due than in the last comparable run (`minEligibleShare`)', 'check that all spends arrived; then `resume --accept-gate` or `cancel`'],
  [['GATE_FIRST_CARDS'], 'run', 1, 'too many users would get another first card (`maxFirstCardChangedShare`)', '`catalog diff` and `recommend USER --explain` show why; then `resume --accept-gate` or `cancel`'],
  [['REFUSED_SYSTEMICALLY'], 'run', 1, 'the database refused so many users of a chunk that the users are not the cause; the run paused', 'remove the constraint or trigger that `cardgenius errors` names; `cardgenius resume`'],
  [['REFUSED_DECISION'], 'run', 1, "the database refused a user's cards, and also the status `failed`; the run paused", 'find the `user_id` of chunk and user number in `cardgenius.chunk_user`; remove the trigger or constraint; `cardgenius resume`'],
  [['PROCESSOR_FAILED'], 'run', 1, 'an attempt ended in an error without a code', '`cardgenius runs show N` has the text'],
  [['STAGING_INCOMPLETE'], 'run', 1, 'a load arrived in part', 'of a run, nothing: it is loaded again; of an import, run `import` again'],
  [['LEASE_LOST'], 'run', 1, 'another processor has the chunk now; nothing was written', "nothing. If it is frequent, check the machine's load, or raise `leaseSeconds`"],
  [['SCHEDULE_OPENS_NO_RUN'], 'run', 2, 'the schedule is of kind `parity`', 'to compare now: `cardgenius parity --url URL`'],
  [['INVALID_SPENDING'], 'user', 1, 'a spend is negative or above `maxMonthlySpend`, or the engine never serves this user', 'correct the spends and import them again'],
  [['RESULT_OUT_OF_RANGE'], 'user', 1, 'a result does not fit DECIMAL(12,2)', 'correct the card that the message names'],
  [['REFUSED_BY_DATABASE'], 'user', 1, "the database refuses this user's rows", 'remove the constraint or trigger that the message names; `cardgenius retry --code REFUSED_BY_DATABASE`'],
  [['ENGINE_CRASHED'], 'user', 1, 'five processes in a row, or two threads, died with this user', 'test the engine with `recommend`; then `cardgenius retry --code ENGINE_CRASHED`'],
  [['ENGINE_FAILED'], 'user', 1, 'the engine threw, or threads died with many users', 'read its message: [engines](engines.md#what-is-checked)'],
  [['ENGINE_TIMEOUT'], 'user', 1, 'no answer within `engineTimeoutSeconds`', 'make the engine faster, or raise the limit'],
  [['OTHER'], 'user', 1, 'the reason has no code: another program wrote it', '`cardgenius errors` shows it; then `cardgenius retry --code OTHER`'],
  [['ENGINE_ANSWER_INVALID'], 'user', 1, 'the answer is not ten valid rows', 'the message names the rule; run [the kit](engines.md#the-kit)'],
  [['ENGINE_UNREADABLE'], 'engine', 2, 'the module is missing or cannot be read', 'correct the path, relative to `cron.config.ts`'],
  [['ENGINE_INVALID'], 'engine', 2, 'the module cannot be loaded, or is no engine', '[what an engine declares](engines.md)'],
  [['ENGINE_CHANGED'], 'engine', 1, 'a file of your engine, which the message names, is not the one that the run was planned with; the run stopped, no user failed', 'restore the file and `cardgenius run`; or `cardgenius run` with the new one, which supersedes the run'],
  [['EXPLAIN_BUILT_IN_ONLY'], 'engine', 2, '`--explain` with an engine of your own', 'leave it out'],
  [['NO_CATALOG'], 'engine', 1, 'the run kept no catalogue: it does not exist, was pruned, used your own engine, or is older than 0.3', 'choose another one of `cardgenius runs`'],
  [['CATALOG_TOO_FEW_CARDS'], 'engine', 2, '`eligibleCards` is `commissionable`, and fewer than ten open cards are', "complete the cards' `offer`, or set `eligibleCards` to `open`"],
  [['CATALOG_UNREADABLE', 'CATALOG_NOT_JSON', 'CATALOG_INVALID'], 'engine', 2, 'the catalogue is missing, is no JSON, or breaks a rule', 'correct the card and field that the message names; `cardgenius catalog check` finds all faults'],
  [['SEED_ON_SERVER'], 'files', 2, '`seed` on a server, whose users may be real', '`--yes-invent-users-here`, or unset `CARDGENIUS_DATABASE_URL`'],
  [['OUTPUT_LOST'], 'files', 1, 'stdout could not be written (a full disk); the work was done', 'free space, and ask again: `status`, `runs`'],
  [['CSV_UNREADABLE'], 'files', 2, 'no such file, a folder, or a file that stops being readable', 'correct the path'],
  [['CSV_FORM'], 'files', 2, 'the file is no text (a workbook, a ZIP, a PDF, another compression than gzip, UTF-16 without its mark), or `--delimiter` is wrong', 'save it as the message says'],
  [['CSV_HEADER'], 'files', 2, 'the first line lacks a column, or uses another delimiter', '[the seven columns](getting-started.md#2-import-your-csv), separated by commas or by `--delimiter`. From a spreadsheet: save as "CSV UTF-8 (comma delimited)"'],
  [['CSV_BROKEN'], 'files', 2, 'from that line on the file is no CSV: an open quote, or a row above 64 KB', 'correct the line and import again; nothing was imported'],
  [['CSV_UNWRITABLE', 'FILE_UNWRITABLE'], 'files', 2, 'a CSV or another file cannot be written', 'check free space and permissions, that the folder exists, and that the path is not a folder'],
  [['RECOMMEND_WHOM', 'RECOMMEND_AMOUNT', 'REDO_WHOM', 'PRUNE_OPTIONS', 'PRUNE_KEEP', 'DOCTOR_ROLE', 'MIGRATE_OPTIONS', 'MIGRATE_SQL', 'OFFLINE_FROM', 'OFFLINE_TABLES', 'RUN_NUMBER', 'RUN_ALL', 'PARITY_SOURCE', 'PARITY_TOLERANCE', 'PARITY_THRESHOLD', 'PARITY_URL', 'PARITY_HEADER'], 'commands', 2, 'an argument is missing or wrong, or two exclude each other', 'what the message says; `--help` has examples'],
  [['NO_SUCH_SCHEDULE', 'NO_SUCH_CARD', 'PARITY_NOBODY'], 'commands', 2, 'no schedule, card or user of that name, or several cards', '`schedule list`, or the names in the message'],
  [['NO_SUCH_USER', 'NO_SUCH_RUN'], 'commands', 1, 'the database has no such user or run', 'check the id or number, and the database in the first line of `status`'],
  [['NAMES_UNREADABLE', 'NAMES_CARD', 'CSV_INVALID', 'GOLDEN_HEADER', 'GOLDEN_INVALID', 'GOLDEN_EMPTY', 'ANSWERS_UNREADABLE', 'ANSWERS_EMPTY'], 'commands', 2, 'a file of `catalog names` or `parity` is missing, empty or wrong', 'correct the line or file that the message names; nothing was written'],
  [['ORPHANS_MANY'], 'commands', 1, 'more than one user in ten with recommendations is missing from `user_spending_data`', 'is that table being loaded? Else `--yes`'],
  [['NO_CHANNELS'], 'commands', 2, '`alerts test` without a channel', 'set `alerts` in [configuration](configuration.md)'],
  [['ALERT_NOT_TOLD', 'ALERT_REFUSED'], 'commands', 1, 'a channel could not be reached, or its receiver refused', 'correct address and secret; then `cardgenius alerts test`'],
  [['API_FAILED'], 'commands', 1, 'the API gave no answer in four attempts, or a redirect', 'try later; kept answers stay. For a redirect, name its target'],
  [['API_BUDGET'], 'commands', 1, 'the 60 calls of `catalog from-api` were used up by failures', 'try later'],
  [['FROM_API_FEW'], 'commands', 1, 'fewer than ten cards are complete; nothing was written', 'save the answers that the message asks for, or ask the live API'],
  [['DASHBOARD_ADDRESS', 'DASHBOARD_PORT'], 'dashboard', 2, 'the port is invalid or taken', 'choose another'],
  [['DASHBOARD_TOKEN'], 'dashboard', 2, 'no token is set and there is no terminal to print one on, or other machines could see the page; or a token is weak, or equals another', '`CARDGENIUS_DASHBOARD_TOKEN`: `openssl rand -hex 24`; or `--open` on your own machine'],
  [['TOKEN_FILE_OPEN'], 'dashboard', 2, "every user of the machine can read the token's file", '`chmod 0600`, and a new token'],
  [['TOKEN_NEEDED', 'TOKEN_REFUSED'], 'dashboard', 1, 'the page needs a token, or does not know this one', 'sign in with a token that was set at the start'],
  [['PROXY_NEEDS_TOKEN'], 'dashboard', 1, 'no token is set, and the request came through a proxy', '`CARDGENIUS_DASHBOARD_TOKEN`, then sign in: [behind a proxy](dashboard.md#behind-a-proxy)'],
  [['RUN_IS_OVER'], 'dashboard', 1, 'the run ended before the button was pressed', 'reload the page'],
  [['MAY_NOT_ACT', 'OTHER_ORIGIN'], 'dashboard', 1, 'this token is for looking only; or another page sent the request', 'use the token for acting; use the page itself'],
  [['TOO_MANY_REQUESTS', 'TOO_MANY_STREAMS'], 'dashboard', 1, 'too many requests from this address, or too many open pages', 'close some, wait a minute'],
  [['NOT_ASKED_YET'], 'dashboard', 1, 'the database has not answered yet', 'try again in a moment'],
  [['BAD_REQUEST', 'NOT_FOUND', 'USER_ID', 'CODE', 'SCHEDULE'], 'dashboard', 1, 'the page asked for something that does not exist', 'check the input'],
  [['FAILED'], 'dashboard', 1, 'an error without a code', 'read the log of `serve`; if it stays, report it'],
] as const satisfies readonly Row[];

/** A code of an error that is thrown before anything was touched. */
export type UsageCode = Extract<(typeof CODES)[number], { readonly 2: 2 }>[0][number];
