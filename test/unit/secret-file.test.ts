import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { isOnReadOnlyMount } from '../../src/config/secret-file.ts';
import { loadSettings } from '../../src/config/settings.ts';

test('a token file that every user can read is refused, and one of its owner and group is read', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-'));
  const path = join(cwd, 'token');
  await writeFile(path, 'read-token-of-the-test-9f3c\n');
  const load = () => loadSettings({ env: { CARDGENIUS_DASHBOARD_TOKEN_FILE: 'token' }, cwd });
  for (const mode of [0o644, 0o666, 0o604]) {
    await chmod(path, mode);
    await t.throwsAsync(load(), { code: 'TOKEN_FILE_OPEN', message: /can read \(mode 06\d4|6\)/ });
  }
  for (const mode of [0o600, 0o440, 0o640]) {
    await chmod(path, mode);
    t.is((await load()).dashboard.token?.reveal(), 'read-token-of-the-test-9f3c');
  }
});

test('a read-only mount, as Kubernetes and compose make for a secret, is known by the longest mount point', t => {
  const mounts = [
    '1 0 0:1 / / rw,relatime - overlay overlay rw',
    '2 1 0:2 / /run/secrets ro,relatime - tmpfs tmpfs rw',
    '3 1 0:3 / /run/secrets/rw rw - tmpfs tmpfs rw',
    '4 1 0:4 / /mnt/my\\040secrets ro - tmpfs tmpfs rw',
    '5 1 0:5 / /twice ro - tmpfs tmpfs rw',
    '6 1 0:6 / /twice rw - tmpfs tmpfs rw',
  ].join('\n');
  const isReadOnly = (path: string) => isOnReadOnlyMount(path, mounts);
  t.true(isReadOnly('/run/secrets/dashboard_token'));
  t.true(isReadOnly('/run/secrets'));
  t.true(isReadOnly('/mnt/my secrets/token'));
  for (const path of ['/etc/token', '/run/secrets/rw/token', '/run/secretsome', '/twice/token'])
    t.false(isReadOnly(path), path);
  t.false(isOnReadOnlyMount('/run/secrets/token', ''));
});
