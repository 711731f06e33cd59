import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScaledJob } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledJob';
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import test from 'ava';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { parse, parseAllDocuments } from 'yaml';

/** What deploy/ may contain: each kind with the schema that its own makers publish. */
const MODELS = {
  ...{ Deployment, Job, NetworkPolicy, PodDisruptionBudget, Secret, Service },
  ...{ PrometheusRule, ScaledJob, ServiceMonitor, TriggerAuthentication },
};

type Found = Record<string, unknown> & { kind: string; apiVersion: string; metadata: { name: string } };

const DEPLOY = join(import.meta.dirname, '../../deploy');
const MANIFESTS = readdirSync(join(DEPLOY, 'kubernetes')).filter(name => name !== 'kustomization.yaml');
const KUSTOMIZATIONS = readdirSync(DEPLOY, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('kustomization.yaml'))
  .map(path => path.replace(/\/kustomization\.yaml$/, ''));

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!hasKubectl)
  console.warn(
    'NOT BUILT: THE KUSTOMIZATIONS. There is no kubectl (apt-get install kubernetes-client): each manifest is validated as it stands.',
  );

const documents = (text: string): Found[] => parseAllDocuments(text).map(document => document.toJS() as Found);

/** All of a folder of manifests after `kubectl kustomize`; where there is no kubectl, as they stand. */
function build(folder: string): Found[] {
  if (hasKubectl) {
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return documents(stdout);
  }
  const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  return resources.flatMap(path =>
    path.endsWith('.yaml') ? documents(readFileSync(join(folder, path), 'utf8')) : build(join(folder, path)),
  );
}

/** Every manifest that there is, also those that are applied by themselves, as one kustomization. */
function buildAll(change: (text: string) => string = text => text): Found[] {
  const folder = mkdtempSync(join(tmpdir(), 'cardgenius-manifests-'));
  cpSync(join(DEPLOY, 'kubernetes'), folder, { recursive: true });
  for (const name of MANIFESTS) writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: MANIFESTS }));
  return build(folder);
}

/**
 * What is wrong with a manifest by the schema of its kind. A schema lets keys pass that it does not know, and the API server refuses them: they
 * are those that the schema never looks at.
 */
function faults(found: Found): string[] {
  const model = MODELS[found.kind as keyof typeof MODELS];
  if (model?.apiVersion !== found.apiVersion) return [`no such kind: ${found.apiVersion} ${found.kind}`];
  const unread = new Set<string>();
  const watched = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value)) for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
    return new Proxy(value, {
      get: (of, key) => {
        unread.delete(`${path}/${String(key)}`);
        return watched(Reflect.get(of, key), `${path}/${String(key)}`);
      },
    });
  };
  try {
    model.prototype.validate.call(watched(found, '') as InstanceType<typeof model>);
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unread].map(path => `unknown: ${path}`);
}

test('every kustomization builds, and what comes of it is valid by Kubernetes’ own schemas', t => {
  t.true(KUSTOMIZATIONS.includes('kubernetes'));
  for (const folder of KUSTOMIZATIONS) {
    const built = build(join(DEPLOY, folder));
    t.deepEqual(
      built.map(({ kind }) => kind).sort(),
      ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service'],
      folder,
    );
    for (const found of built) t.deepEqual(faults(found), [], `${folder}: ${found.kind}`);
  }
});

test('every manifest is valid by the schema of its kind, as it stands and with all that stands there to be taken in', t => {
  for (const change of [(text: string) => text, (text: string) => text.replace(/^( *)#- /gm, '$1- ')]) {
    const all = buildAll(change);
    t.deepEqual([...new Set(all.map(({ kind }) => kind))].sort(), [
      'Deployment',
      'Job',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'ScaledJob',
      'Secret',
      'Service',
      'ServiceMonitor',
      'TriggerAuthentication',
    ]);
    for (const found of all) t.deepEqual(faults(found), [], `${found.kind} ${found.metadata.name}`);
  }
});

test('a manifest with a wrong value, a missing or a misspelled key is not valid', t => {
  const wrong = (from: string, to: string) => {
    const changed = buildAll(text => text.replace(from, to));
    return changed.flatMap(faults).join('\n');
  };
  t.regex(wrong('replicas: 2', 'replicas: two'), /replicas/);
  t.regex(wrong('containerPort: 8080', 'containerPort: 8080, protocoll: TCP'), /^unknown: .*\/protocoll$/);
  t.regex(wrong('    matchLabels: { app.kubernetes.io/name: cardgenius }\n  endpoints', '  endpoints'), /selector/);
  t.regex(wrong('maxReplicaCount', 'maxReplicas'), /^unknown: \/spec\/maxReplicas$/);
  t.regex(wrong('policy/v1', 'policy/v1beta1'), /^no such kind: policy\/v1beta1 PodDisruptionBudget$/);
});

test('the rules for Prometheus are the spec of a PrometheusRule', t => {
  const spec = parse(readFileSync(join(DEPLOY, 'prometheus/alerts.yml'), 'utf8'));
  const rule = (of: unknown): Found => ({
    ...{ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'cardgenius' }, spec: of },
  });
  t.deepEqual(faults(rule(spec)), []);
  t.deepEqual(faults(rule({ groups: [{ ...spec.groups[0], rule: [] }] })), ['unknown: /spec/groups/0/rule']);
});

test('a processor that KEDA starts is one of the backfill', t => {
  const all = buildAll();
  const specOf = (kind: string, name: string) =>
    all.find(found => found.kind === kind && found.metadata.name === name)!.spec as Record<string, unknown>;
  const { parallelism, completions, completionMode, ...backfill } = specOf('Job', 'cardgenius-backfill');
  const { jobTargetRef } = specOf('ScaledJob', 'cardgenius-due');
  t.deepEqual(jobTargetRef, { ...backfill, parallelism: 1, completions: 1 });
  const [authentication] = specOf('TriggerAuthentication', 'cardgenius-keda').secretTargetRef as { name: string }[];
  t.is(authentication!.name, 'cardgenius-keda');
});
