/**
 * What an ADO.NET connection string may say, in lower case and without blanks: each name that Microsoft.Data.SqlClient
 * documents is supported, means nothing where it says what happens anyway, or is refused by name.
 */

/** Names that are read, and what each is called here. */
export const SUPPORTED: Readonly<Record<string, string>> = {
  server: 'server',
  datasource: 'server',
  address: 'server',
  addr: 'server',
  networkaddress: 'server',
  database: 'database',
  initialcatalog: 'database',
  userid: 'user',
  uid: 'user',
  user: 'user',
  username: 'user',
  password: 'password',
  pwd: 'password',
  domain: 'domain',
  encrypt: 'encrypt',
  trustservercertificate: 'trustServerCertificate',
  hostnameincertificate: 'hostNameInCertificate',
  multisubnetfailover: 'multiSubnetFailover',
  applicationintent: 'applicationIntent',
  authentication: 'authentication',
  connecttimeout: 'connectTimeout',
  connectiontimeout: 'connectTimeout',
  timeout: 'connectTimeout',
  clientid: 'clientId',
  clientsecret: 'clientSecret',
  tenantid: 'tenantId',
  token: 'token',
};

interface Unsupported {
  /** The option as a person writes it. */
  readonly name: string;
  /** Values that say what happens anyway. */
  readonly passes?: RegExp;
  readonly instead: string;
}

const NO = /^(false|no)$/i;
const YES = /^(true|yes)$/i;
const POOL = 'the pools have settings of their own, sqlServer.controlConnections and workConnections';
const RETRY = 'a run tries again by itself';
const ENCRYPTED = 'Always Encrypted is not supported';

/** Names that are known and not read. */
export const UNSUPPORTED: Readonly<Record<string, Unsupported>> = {
  integratedsecurity: integrated('Integrated Security'),
  trustedconnection: integrated('Trusted_Connection'),
  failoverpartner: {
    name: 'Failover Partner',
    instead: 'mirroring is not supported; name the listener of an availability group, and MultiSubnetFailover=True',
  },
  failoverpartnerspn: { name: 'Failover Partner SPN', instead: 'mirroring is not supported' },
  serverspn: { name: 'Server SPN', instead: 'Kerberos is not supported' },
  servercertificate: { name: 'Server Certificate', instead: 'give Node its authority with NODE_EXTRA_CA_CERTS' },
  attachdbfilename: { name: 'AttachDBFilename', instead: 'attach the file on the server, and name the database' },
  extendedproperties: { name: 'Extended Properties', instead: 'attach the file on the server, and name the database' },
  initialfilename: { name: 'Initial File Name', instead: 'attach the file on the server, and name the database' },
  userinstance: { name: 'User Instance', passes: NO, instead: 'it is for SQL Server Express on the same machine' },
  contextconnection: { name: 'Context Connection', passes: NO, instead: 'it is for code within SQL Server' },
  columnencryptionsetting: { name: 'Column Encryption Setting', passes: /^disabled$/i, instead: ENCRYPTED },
  attestationprotocol: { name: 'Attestation Protocol', passes: /^(none|notspecified)$/i, instead: ENCRYPTED },
  enclaveattestationurl: { name: 'Enclave Attestation Url', instead: ENCRYPTED },
  networklibrary: { name: 'Network Library', passes: /^(dbmssocn|tcp)$/i, instead: 'TCP is the only one' },
  network: { name: 'Network', passes: /^(dbmssocn|tcp)$/i, instead: 'TCP is the only one' },
  net: { name: 'Net', passes: /^(dbmssocn|tcp)$/i, instead: 'TCP is the only one' },
  driver: { name: 'Driver', instead: 'that is ODBC’s form; write ADO.NET’s, without it' },
  dsn: { name: 'DSN', instead: 'that is ODBC’s form; write ADO.NET’s, without it' },
  provider: { name: 'Provider', instead: 'that is OLE DB’s form; write ADO.NET’s, without it' },
  port: { name: 'Port', instead: 'write it after the server, Server=host,1433' },
  applicationname: { name: 'Application Name', instead: 'each process gives its own, cardgenius/HOST:PID' },
  app: { name: 'App', instead: 'each process gives its own, cardgenius/HOST:PID' },
  workstationid: { name: 'Workstation ID', instead: 'each process gives its own host' },
  wsid: { name: 'WSID', instead: 'each process gives its own host' },
  packetsize: { name: 'Packet Size', instead: 'it is fixed at 16,384, which was measured' },
  currentlanguage: {
    name: 'Current Language',
    passes: /^(us_)?english$/i,
    instead: 'the login’s own language is used',
  },
  language: { name: 'Language', passes: /^(us_)?english$/i, instead: 'the login’s own language is used' },
  commandtimeout: {
    name: 'Command Timeout',
    instead: 'requests have settings of their own, sqlServer.controlTimeoutSeconds and workTimeoutSeconds',
  },
  requesttimeout: {
    name: 'Request Timeout',
    instead: 'requests have settings of their own, sqlServer.controlTimeoutSeconds and workTimeoutSeconds',
  },
  pooling: { name: 'Pooling', passes: YES, instead: POOL },
  maxpoolsize: { name: 'Max Pool Size', instead: POOL },
  minpoolsize: { name: 'Min Pool Size', passes: /^0$/, instead: POOL },
  connectionlifetime: { name: 'Connection Lifetime', passes: /^0$/, instead: POOL },
  loadbalancetimeout: { name: 'Load Balance Timeout', passes: /^0$/, instead: POOL },
  poolblockingperiod: { name: 'Pool Blocking Period', passes: /^(auto|neverblock)$/i, instead: POOL },
  connectionreset: { name: 'Connection Reset', passes: YES, instead: POOL },
  connectretrycount: { name: 'Connect Retry Count', instead: RETRY },
  connectretryinterval: { name: 'Connect Retry Interval', instead: RETRY },
  ipaddresspreference: { name: 'IP Address Preference', instead: 'name the address itself' },
  transparentnetworkipresolution: {
    name: 'Transparent Network IP Resolution',
    passes: NO,
    instead: 'MultiSubnetFailover=True tries all addresses at once',
  },
  // What these say is so whatever they say, or means nothing to a program that has one statement at a time on a connection.
  persistsecurityinfo: {
    name: 'Persist Security Info',
    passes: /^(true|false|yes|no)$/i,
    instead: 'say True or False',
  },
  multipleactiveresultsets: {
    name: 'Multiple Active Result Sets',
    passes: /^(true|false|yes|no)$/i,
    instead: 'say False',
  },
  enlist: { name: 'Enlist', passes: /^(true|false|yes|no)$/i, instead: 'say False' },
  replication: { name: 'Replication', passes: NO, instead: 'it is for replication itself' },
  asynchronousprocessing: {
    name: 'Asynchronous Processing',
    passes: /^(true|false|yes|no)$/i,
    instead: 'say True or False',
  },
  typesystemversion: { name: 'Type System Version', passes: /^latest$/i, instead: 'the latest is used' },
  transactionbinding: { name: 'Transaction Binding', passes: /^implicit unbind$/i, instead: 'leave it out' },
};

function integrated(name: string): Unsupported {
  return {
    name,
    passes: NO,
    instead:
      'Windows’ own login cannot be used from here; name a domain user, User Id=CORP\\name, with its password in ' +
      'CARDGENIUS_DATABASE_PASSWORD, or an Authentication of Microsoft Entra',
  };
}

/** A field of a connection string; `place` counts from 1. */
export interface AdoField {
  readonly place: number;
  /** In lower case, without blanks and underscores. */
  readonly name: string;
  readonly value: string;
}

/**
 * Cuts an ADO connection string into its fields. A value with a ; stands in quotes or braces, where its own closing mark is doubled.
 * Answers the fields, or the place of a part that is not a field: it may be the rest of a password, and is never quoted.
 */
export function adoFields(text: string): { fields: AdoField[] } | { brokenAt: number } {
  const fields: AdoField[] = [];
  const field =
    /[\s;]*(?:$|([^=;]+?)\s*=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^"'{\s;][^;]*|)\s*(?:;|$))/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) return { brokenAt: fields.length + 1 };
    const [, name, value] = found;
    if (name === undefined) break;
    fields.push({
      place: fields.length + 1,
      name: name.replace(/[\s_]/g, '').toLowerCase(),
      value: bare(value!.trim()),
    });
  }
  return { fields };
}

const MARKS: Readonly<Record<string, string>> = { '"': '"', "'": "'", '{': '}' };

function bare(value: string): string {
  const closing = MARKS[value[0] ?? ''];
  if (closing === undefined) return value;
  return value.slice(1, -1).replaceAll(closing + closing, closing);
}
