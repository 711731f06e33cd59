import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { RULES } from '../../src/alerts/finding.ts';
import { KEYS } from '../../src/config/keys.ts';
import { parseAddress } from '../../src/dashboard/address.ts';
import { EXIT } from '../../src/model/errors.ts';
import { anchorsOf } from '../docs/documents.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const FILES = readdirSync(join(ROOT, 'deploy'), { recursive: true, encoding: 'utf8' })
  .map(name => `deploy/${name}`)
  .filter(path => statSync(join(ROOT, path)).isFile() && !/\/(sa_password|dashboard_token)$/.test(path));

test('every variable that deploy/ names is one that the program reads', t => {
  const known = new Set(KEYS.flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable])));
  for (const name of ['CARDGENIUS_DATABASE_PASSWORD', 'CARDGENIUS_DATABASE_PASSWORD_FILE']) known.add(name);
  for (const path of FILES) {
    const named = [...read(path).matchAll(/\bCARDGENIUS_[A-Z_]+/g)].map(([name]) => name);
    t.deepEqual(
      named.filter(name => !known.has(name)),
      [],
      path,
    );
  }
});

test('the image holds the package with all that npm packs, and no password', t => {
  const dockerfile = read('deploy/Dockerfile');
  const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!);
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const packed = files.map(path => path.split('/')[0]!).filter(path => path !== 'dist');
  // What the build itself reads.
  for (const path of [...packed, 'src', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) {
    t.true(existsSync(join(ROOT, path)), path);
    t.true(allowed.includes(path), `.dockerignore leaves ${path} out`);
  }
  t.regex(read('.dockerignore'), /^deploy\/sa_password$/m);
  t.regex(dockerfile, /^ENTRYPOINT \["node", "dist\/cli\/main\.js"\]$/m);
  t.regex(dockerfile, /^USER node$/m);
  t.notRegex(dockerfile, /^HEALTHCHECK /m, 'serve alone answers at 8080');
});

const manifest = (name: string) => parse(read(`deploy/kubernetes/${name}.yaml`));
/** With all that stands there to be taken in: `#- ` begins a part of it, and not a sentence. */
const whole = (name: string) => parse(read(`deploy/kubernetes/${name}.yaml`).replace(/^( *)#- /gm, '$1- '));

/** The pod of a Deployment, a Job or a ScaledJob: with what Kubernetes' schemas let pass and a pod of this service must have all the same. */
const podOf = (name: string, read = manifest) => read(name).spec.template.spec;

const SECURE_POD = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  automountServiceAccountToken: false,
};
const SECURE_CONTAINER = {
  name: 'cardgenius',
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

test('manifests: no root, a read-only file system, no rights, limits, an image with its version, a way to stop in time', t => {
  for (const name of ['deployment', 'backfill', 'migrate']) {
    const pod = podOf(name);
    const [container] = pod.containers;
    t.like(pod, SECURE_POD, name);
    t.like(container, SECURE_CONTAINER, name);
    t.true(pod.securityContext.runAsUser > 0 && pod.securityContext.fsGroup > 0, name);
    t.true((pod.terminationGracePeriodSeconds ?? 40) >= 35, `${name}: a stop may take 30 s`);
    t.regex(container.image, /^[\w./-]+:[\w.-]+$/, name);
    t.truthy(container.resources.requests.cpu && container.resources.limits.memory, name);
    // Secrets are files: a variable is inherited, and shown by kubectl describe.
    for (const variable of container.env) t.deepEqual(Object.keys(variable), ['name', 'value'], name);
    for (const { secret } of pod.volumes) if (secret) t.is(secret.defaultMode, 0o440, name);
  }
  for (const name of ['backfill', 'migrate']) {
    t.is(podOf(name).restartPolicy, 'Never', name);
    t.true(manifest(name).spec.ttlSecondsAfterFinished >= 3_600, `${name}: time to read its log`);
  }
});

test('the Deployment: its selector finds its pods, probes and mounts name what is there, /metrics is served with a token', t => {
  const { spec } = manifest('deployment');
  const [{ ports = [], livenessProbe, readinessProbe, args, env = [], volumeMounts = [] }] =
    spec.template.spec.containers;
  t.like(spec.template.metadata.labels, spec.selector.matchLabels);
  t.deepEqual(args, ['serve']);
  t.deepEqual(livenessProbe?.httpGet, { path: '/livez', port: 'health' });
  t.deepEqual(readinessProbe?.httpGet, { path: '/readyz', port: 'health' });
  const address = env.find(({ name }: { name: string }) => name === 'CARDGENIUS_DASHBOARD_ADDRESS')?.value;
  t.deepEqual(ports, [
    { name: 'health', containerPort: 8080 },
    { name: 'dashboard', containerPort: parseAddress(address!).port },
  ]);
  const { stringData, metadata } = manifest('secret.template');
  t.is(metadata.name, 'cardgenius');
  t.not(stringData.metrics_token, stringData.dashboard_token);
  t.regex(read('deploy/Dockerfile'), /CARDGENIUS_SERVICE_HEALTH=0\.0\.0\.0:8080/);
  t.deepEqual(
    volumeMounts.map(({ name }: { name: string }) => name),
    spec.template.spec.volumes.map(({ name }: { name: string }) => name),
  );

  const policy = manifest('network-policy').spec;
  t.like(spec.template.metadata.labels, policy.podSelector.matchLabels);
  const open = policy.ingress.flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port));
  // The kubelet's probes come from the node, which is always let in.
  t.deepEqual(open, [parseAddress(address!).port]);
  for (const { from } of policy.ingress) t.true(from?.length > 0, 'not from everywhere');
});

test('files of one’s own: what is commented out in the manifests fits, service and backfill alike, and is what the guide says', t => {
  const guide = read('docs/operations.md');
  const mountsOf = (name: string) => {
    const { containers, volumes } = podOf(name, whole);
    const own = volumes.find((volume: object) => 'configMap' in volume);
    t.true(guide.includes(`kubectl create configmap ${own.configMap.name} `), name);
    return containers[0].volumeMounts.filter((mount: { name: string }) => mount.name === own.name);
  };
  const mounts = mountsOf('deployment');
  t.deepEqual(mountsOf('backfill'), mounts);
  t.is(mounts.length, 3);
  for (const { mountPath, subPath } of mounts) {
    t.is(subPath, basename(mountPath), 'one file over one file: a folder over /app would hide the program');
    t.true(guide.includes(`\`${mountPath}\``) && guide.includes(`--from-file=${subPath}`), mountPath);
  }
  t.deepEqual(manifest('deployment').spec.template.spec.containers[0].volumeMounts.length, 2, 'without asking: none');
  t.like(whole('network-policy').spec.egress[2].ports[0], { port: 11_000, endPort: 11_999 });
  const { services } = parse(read('deploy/compose.yaml'), { merge: true });
  t.deepEqual(services.serve.volumes, ['../cron.config.ts:/app/cron.config.ts:ro']);
});

test('the migration has a login of its own: the service and the backfill never have rights on the schema', t => {
  const secretOf = (name: string) =>
    podOf(name).volumes.flatMap(({ secret }: { secret?: { secretName: string } }) => secret?.secretName ?? []);
  const service = manifest('secret.template');
  const migration = manifest('migrate-secret.template');
  t.deepEqual(secretOf('deployment'), [service.metadata.name]);
  t.deepEqual(secretOf('backfill'), [service.metadata.name]);
  t.deepEqual(secretOf('migrate'), [migration.metadata.name]);
  t.not(migration.metadata.name, service.metadata.name);
  const urlOf = (name: string) =>
    new URL(
      podOf(name).containers[0].env.find((found: { name: string }) => found.name === 'CARDGENIUS_DATABASE_URL').value,
    );
  t.not(urlOf('migrate').username, urlOf('deployment').username);
  t.is(urlOf('backfill').href, urlOf('deployment').href);
});

test('secrets are files: what a pod names of them is mounted and stands in the template, and no variable holds one', t => {
  const secret = new Set(KEYS.filter(key => key.secret).map(({ variable }) => variable));
  secret.add('CARDGENIUS_DATABASE_PASSWORD');
  for (const [name, template] of [
    ['deployment', 'secret.template'],
    ['backfill', 'secret.template'],
    ['migrate', 'migrate-secret.template'],
  ] as const) {
    const [{ env, volumeMounts }] = podOf(name, whole).containers;
    const folder = volumeMounts.find((mount: { name: string }) => mount.name === 'secrets');
    t.true(folder.readOnly, name);
    const { stringData } = manifest(template);
    for (const { name: variable, value } of env) {
      t.false(secret.has(variable), `${name}: ${variable}`);
      if (variable.endsWith('_FILE'))
        t.true(value.replace(`${folder.mountPath}/`, '') in stringData, `${name}: ${value}`);
      else t.notRegex(value, /:\/\/[^@/]*:[^@/]*@/, variable);
    }
  }
});

test('the service as a whole: each resource is there, and what chooses pods finds those of the Deployment', t => {
  const { resources } = manifest('kustomization') as { resources: string[] };
  for (const file of resources) t.true(existsSync(join(ROOT, 'deploy/kubernetes', file)), file);
  const { spec } = manifest('deployment');
  const { labels } = spec.template.metadata;
  const service = manifest('service').spec;
  t.like(labels, service.selector);
  t.deepEqual(
    service.ports.map(({ targetPort }: { targetPort: string }) => targetPort),
    ['dashboard'],
  );
  const budget = manifest('pod-disruption-budget').spec;
  t.like(labels, budget.selector.matchLabels);
  t.true(budget.minAvailable < spec.replicas, 'a node can be drained');
  const [apart] = spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  t.like(labels, apart.podAffinityTerm.labelSelector.matchLabels);
});

test('for PostgreSQL the same manifests get another address and port, and nothing else', t => {
  const { resources, patches } = parse(read('deploy/kubernetes-postgres/kustomization.yaml')) as {
    resources: string[];
    patches: { target: { kind: string }; patch: string }[];
  };
  t.deepEqual(resources, ['../kubernetes']);
  const [address, port] = patches.map(({ patch }) => parse(patch)[0] as { path: string; value: string | number });
  t.is(address!.path, '/spec/template/spec/containers/0/env/0/value');
  t.is(manifest('deployment').spec.template.spec.containers[0].env[0].name, 'CARDGENIUS_DATABASE_URL');
  t.regex(String(address!.value), /^postgres:\/\/[^:@]+@.*sslmode=verify-full$/);
  t.is(port!.path, '/spec/egress/1/ports/0/port');
  t.is(manifest('network-policy').spec.egress[1].ports[0].port, 1433);
  t.is(port!.value, 5432);
});

test('the backfill: whatever is over for good ends the Job, also a run that is done with too many failed; work left does not', t => {
  const { spec } = manifest('backfill');
  const fatal = spec.podFailurePolicy.rules.flatMap(
    ({ onExitCodes }: { onExitCodes?: { values: number[] } }) => onExitCodes?.values ?? [],
  );
  const again: number[] = [EXIT.done, EXIT.stopped];
  t.deepEqual(
    fatal,
    Object.values(EXIT).filter(code => !again.includes(code)),
  );
  t.is(spec.parallelism, spec.completions);
  t.is(spec.template.spec.containers[0].args[0], 'run');
});

for (const file of ['deploy/compose.yaml', 'deploy/compose.postgres.yaml'])
  test(`${file}: no rights, a password that no other file has, /metrics for this machine alone and with a token`, t => {
    const { services, secrets } = parse(read(file), { merge: true });
    for (const name of ['migrate', 'serve']) {
      const found = services[name];
      t.like(found, { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }, name);
      t.deepEqual(Object.keys(found.environment).slice(0, 2), Object.keys(services.migrate.environment), name);
      for (const [variable, value] of Object.entries<string>(found.environment)) {
        if (variable.endsWith('_FILE')) t.true(found.secrets.includes(value.replace('/run/secrets/', '')), variable);
      }
    }
    t.deepEqual(services.serve.ports, ['127.0.0.1:8080:8080', '127.0.0.1:8787:8787']);
    t.regex(services.serve.healthcheck.test.join(' '), /^CMD node -e fetch\('http:\/\/127\.0\.0\.1:8080\/livez'\)/);
    t.is(services.migrate.healthcheck, undefined, 'it answers nowhere');
    t.is(parseAddress(services.serve.environment.CARDGENIUS_DASHBOARD_ADDRESS).port, 8787);
    t.is(services.serve.environment.CARDGENIUS_DASHBOARD_TOKEN_FILE, '/run/secrets/dashboard_token');
    for (const { file } of Object.values<{ file: string }>(secrets)) {
      for (const ignored of ['.gitignore', '.dockerignore'])
        t.true(read(ignored).includes(file.replace('./', 'deploy/')));
    }
  });

test('the systemd unit serves the dashboard to its machine alone', t => {
  const unit = read('deploy/cardgenius.service');
  t.regex(unit, /^Environment=CARDGENIUS_DASHBOARD_ADDRESS=127\.0\.0\.1:8787$/m);
});

test('no password stands in the arguments of a process, and no package runs code beside the right to sign', t => {
  t.notRegex(read('deploy/compose.yaml'), /sqlcmd .*-P/);
  const installs = [...read('.github/workflows/release.yml').matchAll(/npm ci.*/g)].map(([line]) => line);
  t.deepEqual(installs, ['npm ci --ignore-scripts']);
});

test('the systemd unit gives what a processor needs, and no more', t => {
  const lines = read('deploy/cardgenius.service').split('\n');
  for (const line of [
    'UMask=0077',
    'SystemCallFilter=@system-service',
    'RestrictNamespaces=yes',
    'ProtectProc=invisible',
  ])
    t.true(lines.includes(line), line);
});

test('each panel takes the interval of the dashboard: none misses a scrape', t => {
  t.notRegex(read('deploy/grafana/cardgenius.json'), /(rate|increase)\([^)]*\[\d+m\]/);
});

test('each alert rule names its runbook', t => {
  const { groups } = parse(read('deploy/prometheus/alerts.yml'));
  for (const { rules } of groups)
    for (const { alert, annotations } of rules) {
      const [, page, anchor] = /^https:\/\/.*\/(docs\/\w+\.md)#(.+)$/.exec(annotations.runbook_url ?? '') ?? [];
      // Of each rule of ours there is a section by its name: see the next test.
      const sections = anchor === '{{ $labels.rule }}' ? Object.keys(RULES) : [anchor!];
      const anchors = page === undefined ? new Set() : anchorsOf(read(page));
      for (const section of sections) t.true(anchors.has(section), `${alert}: ${annotations.runbook_url}, ${section}`);
    }
});

test('docs/operations.md has a section on every alert', t => {
  const sections = [...read('docs/operations.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  t.deepEqual(sections.sort(), Object.keys(RULES).sort());
});
