/** What the chart and the single-file manifest hold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { INSTALL_NAMESPACE, MANIFEST_TEMPLATE_OPTIONS } from '../../scripts/generate-deploy-manifest.ts';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { chartFolder, createHelm } from '../install/helm.ts';
import type { Helm } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';

interface Rendered {
  readonly kind: string;
  readonly spec?: { readonly replicas?: number };
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const manifestPath = join(checkoutFolder, 'deploy/shardwright.yaml');
const KUBERNETES = '--kube-version=1.34.0';

let controlPlane: ControlPlane;
let kubectl: Kubectl;
let helm: Helm;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  kubectl = await createKubectl(controlPlane.kubeconfigPath);
  helm = await createHelm(controlPlane.kubeconfigPath);
});

afterAll(async () => {
  await controlPlane?.stop();
});

async function template(...options: string[]): Promise<Rendered[]> {
  const text = await helm.run([
    'template',
    'shardwright',
    chartFolder,
    KUBERNETES,
    '--namespace=system',
    ...options,
  ]);
  return loadAll(text).filter((object) => object !== null && object !== undefined) as Rendered[];
}

const crds = (objects: Rendered[]): Rendered[] =>
  objects.filter(({ kind }) => kind === 'CustomResourceDefinition');

const kinds = (objects: Rendered[]): string[] => [...new Set(objects.map(({ kind }) => kind))].toSorted();

/** What must agree: Helm's own lines, comments and the separators aside. */
const withoutHelm = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '---' && !/^\s*$|helm\.sh\/chart|managed-by: Helm|^#/.test(line));

describe('the chart', () => {
  it('passes helm lint in strict mode', async () => {
    expect(await helm.run(['lint', '--strict', '--quiet', KUBERNETES, chartFolder])).not.toContain(
      '[WARNING]',
    );
  });

  it.each([
    ['replicas=-1', 'replicas'],
    ['replicas=many', 'replicas'],
    ['watchNamespace=Not_A_Namespace', 'watchNamespace'],
    ['log.level=loud', 'log'],
    ['image.tag=not a tag', 'image'],
    ['image.pullPolicy=Sometimes', 'image'],
    ['unknown=1', 'unknown'],
    ['image.unknown=1', 'unknown'],
    ['metrics.serviceMonitor.interval=often', 'interval'],
    ['imagePullSecrets[0].nam=x', 'imagePullSecrets'],
    ['image.repository=registry.example/Not Lower', 'image/repository'],
    ['fullnameOverride=Not_A_Name', 'fullnameOverride'],
    ['serviceAccount.name=Not A Name', 'serviceAccount/name'],
    ['priorityClassName=Not A Name', 'priorityClassName'],
    ['resources.limts.memory=1Gi', 'limts'],
    ['commonLabels.app\\.kubernetes\\.io/name=other', 'app.kubernetes.io/name'],
    ['podLabels.app\\.kubernetes\\.io/component=other', 'app.kubernetes.io/component'],
  ])('refuses --set %s', async (setting, named) => {
    const { exitCode, standardError } = await helm.attempt([
      'template',
      'shardwright',
      chartFolder,
      KUBERNETES,
      `--set=${setting}`,
    ]);
    expect(exitCode).not.toBe(0);
    expect(standardError).toContain(named);
  });

  it('runs two operators unless told otherwise, so that one stands by', async () => {
    const replicas = async (...options: string[]): Promise<unknown> =>
      (await template(...options)).find(({ kind }) => kind === 'Deployment')?.spec?.replicas;
    expect(await replicas()).toBe(2);
    expect(await replicas('--set=replicas=3')).toBe(3);
  });

  it('keeps the definitions on uninstall unless told otherwise, and can leave them out', async () => {
    const kept = crds(await template());
    expect(kept.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'shardedclusters.shardwright.io',
      'shardmaps.shardwright.io',
      'shardrebalances.shardwright.io',
    ]);
    kept.forEach(({ metadata }) =>
      expect(metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' }),
    );
    crds(await template('--set=crds.keep=false')).forEach(({ metadata }) =>
      expect(metadata.annotations).toBeUndefined(),
    );
    expect(crds(await template('--set=crds.install=false'))).toEqual([]);
  });

  it('makes nothing cluster-wide for one namespace, the definitions apart', async () => {
    const objects = await template('--set=watchNamespace=shop', '--set=crds.install=false');
    const namespaces = objects.map(({ kind, metadata }) => `${kind} in ${metadata.namespace}`);
    expect(new Set(namespaces)).toEqual(
      new Set([
        'Role in shop',
        'RoleBinding in shop',
        'Deployment in system',
        'PodDisruptionBudget in system',
        'Role in system',
        'RoleBinding in system',
        'Service in system',
        'ServiceAccount in system',
      ]),
    );
  });

  it('makes only what is switched on', async () => {
    const off = [
      'crds.install',
      'rbac.create',
      'serviceAccount.create',
      'podDisruptionBudget.create',
      'metrics.service.create',
    ];
    expect(
      kinds(await template(...off.map((value) => `--set=${value}=false`), '--set=serviceAccount.name=mine')),
    ).toEqual(['Deployment']);
    expect(kinds(await template('--set=metrics.serviceMonitor.create=true'))).toContain('ServiceMonitor');
  });
});

describe('deploy/shardwright.yaml', () => {
  it('is what Helm renders from the chart', async () => {
    const rendered = await helm.run(['template', 'shardwright', chartFolder, ...MANIFEST_TEMPLATE_OPTIONS]);
    const manifest = readFileSync(manifestPath, 'utf8');
    const afterNamespace = manifest.slice(manifest.indexOf('---', manifest.indexOf('kind: Namespace')));
    expect(withoutHelm(afterNamespace)).toEqual(withoutHelm(rendered));
  });

  it('applies to an empty cluster, and again without a change', async () => {
    const apply = ['apply', '--server-side', '--validate=strict', '--filename', manifestPath];
    await kubectl.run(apply);
    const deployment = ['deployment', 'shardwright-operator', `--namespace=${INSTALL_NAMESPACE}`];
    const first = await kubectl.get<{ metadata: { generation: number } }>(deployment);
    await kubectl.run(apply);
    expect((await kubectl.get<typeof first>(deployment)).metadata.generation).toBe(first.metadata.generation);
  });
});
