import test from 'ava';
import { logStart } from '../../src/telemetry/log.ts';

test('a service without a schedule says that nothing fires', t => {
  const lines: string[] = [];
  const at = (level: string) => (_about: unknown, message?: string) => void lines.push(`${level} ${message}`);
  const log = { info: at('info'), warn: at('warn') } as unknown as Parameters<typeof logStart>[0];
  logStart(log, 'host:1:a', ['weekly']);
  t.deepEqual(lines.splice(0), ['info starting']);
  logStart(log, 'host:1:a', []);
  t.deepEqual(lines, ['info starting', 'warn no schedule is configured: nothing fires']);
});
