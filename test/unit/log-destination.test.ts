import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createLog } from '../../src/telemetry/log.ts';
import { LogDestination } from '../../src/telemetry/log-destination.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'cardgenius-log-'));
const LOG = join(import.meta.dirname, '../../src/telemetry/log.ts');

test('no control character reaches the log, also those that JSON lets through', t => {
  const file = join(FOLDER, 'escaped.log');
  const place = new LogDestination(file);
  place.write(`${JSON.stringify({ msg: 'a\u001b[2J\u009b1A\u202e' })}\n`);
  place.close();
  t.is(readFileSync(file, 'utf8'), '{"msg":"a\\u001b[2J\\u009b1A\\u202e"}\n');
});

test('a log on a full disk costs its lines, and nothing else', t => {
  const log = createLog({ level: 'info', file: '/dev/full' });
  t.notThrows(() => log.info('one'));
  t.notThrows(() => log.warn('two'));
});

test('a log that cannot be opened is a wrong setting', t => {
  t.throws(() => new LogDestination('/dev/null/log'), { code: 'FILE_UNWRITABLE', message: /\/dev\/null\/log/ });
});

test('a reader that does not read holds nothing up, the end of the process neither', t => {
  const path = join(FOLDER, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  // As stdout of a process of its own, whose main thread goes on.
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createServiceLog } from ${JSON.stringify(LOG)};
       const log = createServiceLog({ level: 'info' });
       for (let i = 0; i < 20000; i++) log.info({ i, filler: 'x'.repeat(100) }, 'line');
       process.stderr.write('went on');
       process.stdin.once('data', () => { for (let i = 0; i < 20; i++) log.info('last'); process.exit(0); });`,
    ],
    { stdio: ['pipe', writer, 'pipe'] },
  );
  closeSync(writer);
  const buffer = Buffer.alloc(4_194_304);
  const drain = (): string => {
    const read = (): number => {
      try {
        return readSync(reader, buffer);
      } catch {
        return 0; // nothing there
      }
    };
    let text = '';
    for (let length = read(); length > 0; length = read()) text += buffer.toString('utf8', 0, length);
    return text;
  };
  return once(child.stderr!, 'data').then(async ([data]) => {
    t.is(String(data), 'went on');
    let text = drain();
    child.stdin!.write('go\n');
    const ended = once(child, 'exit');
    // Whatever is taken makes room for more; the writer ends without waiting for it.
    t.deepEqual(await ended, [0, null]);
    text += drain();
    t.regex(text, /^\{"level":30.*"i":0,/);
  });
});

test('a socket that is not read holds nothing up: the service goes on, and ends when it is told to', async t => {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createServiceLog } from ${JSON.stringify(LOG)};
       process.once('SIGTERM', () => process.exit(7));
       const log = createServiceLog({ level: 'info' });
       setInterval(() => { for (let i = 0; i < 20000; i++) log.info({ i, filler: 'x'.repeat(100) }, 'line'); process.stderr.write('.'); }, 1);`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] }, // Node makes a pair of sockets of a pipe
  );
  await once(child.stderr!, 'data');
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [7, null]);
});

test('after a loss the next line that can be written says how many are missing', t => {
  const path = join(FOLDER, 'limited.log');
  // A limit on the size of files stands for the full disk: EFBIG at 1 block of 512 bytes, then raised.
  const script = `import { LogDestination } from ${JSON.stringify(LOG.replace('log.ts', 'log-destination.ts'))};
    import { truncateSync } from 'node:fs';
    const log = new LogDestination(${JSON.stringify(path)});
    for (let i = 0; i < 100; i++) log.write(JSON.stringify({ i, filler: 'x'.repeat(50) }) + '\\n');
    const during = log.trouble;
    truncateSync(${JSON.stringify(path)}, 0);
    log.write(JSON.stringify({ during, after: log.trouble ?? 'none' }) + '\\n');
    log.write(JSON.stringify({ after: log.trouble ?? 'none' }) + '\\n');`;
  execFileSync('bash', ['-c', 'ulimit -f 1; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script]);
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as { lost?: number; reason?: string; during?: string; after?: string });
  t.is(lines.length, 3);
  t.like(lines[0]!, { reason: 'EFBIG' });
  t.true(lines[0]!.lost! > 50, String(lines[0]!.lost));
  t.like(lines[1]!, { during: 'EFBIG', after: 'EFBIG' });
  t.like(lines[2]!, { after: 'none' });
});
