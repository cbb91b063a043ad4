/** Installed with Helm, or from the single file, on a real cluster: it runs as promised, and leaves data alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { upCluster } from '../cluster/provider.ts';
import { isClusterReady, isPodReady } from '../demo/objects.ts';
import type { ListOf, PodObject, ShardedClusterObject } from '../demo/objects.ts';
import { OPERATOR } from '../demo/run.ts';
import { ensureDatabaseImage } from '../image/database-image.ts';
import { ensureOperatorImage } from '../image/operator-image.ts';
import { eventually } from '../install/eventually.ts';
import { createHelm, imageValues, installChart } from '../install/helm.ts';
import type { Helm } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../install/restricted-namespace.ts';

interface RunningPod extends PodObject {
  readonly metadata: PodObject['metadata'] & { readonly uid: string };
}

const NAMESPACE = 'install-helm';
const inOperatorNamespace = `--namespace=${OPERATOR.namespace}`;
const inNamespace = `--namespace=${NAMESPACE}`;

let helm: Helm;
let kubectl: Kubectl;
let image: string;

beforeAll(async () => {
  const { kubeconfigPath, provider } = await upCluster();
  if (provider === 'bare') {
    await ensureDatabaseImage('11.8');
  }
  kubectl = await createKubectl(kubeconfigPath);
  helm = await createHelm(kubeconfigPath);
  image = await ensureOperatorImage();
  await ensureRestrictedNamespace(kubectl, OPERATOR.namespace);
  await ensureRestrictedNamespace(kubectl, NAMESPACE);
  await installWithHelm();
});

afterAll(async () => {
  // Other scenarios and the demo expect the operator as Helm installs it.
  await installWithHelm();
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--timeout=240s']);
});

function installWithHelm(): Promise<void> {
  return installChart(helm, { ...OPERATOR, values: imageValues(image) });
}

async function uninstallWithHelm(): Promise<void> {
  await helm.run(['uninstall', OPERATOR.name, inOperatorNamespace, '--wait']);
}

const operatorPods = (): Promise<ListOf<RunningPod>> =>
  kubectl.get(['pods', inOperatorNamespace, '--selector=app.kubernetes.io/component=operator']);

const databasePods = (): Promise<ListOf<RunningPod>> =>
  kubectl.get(['pods', inNamespace, '--selector=shardwright.io/cluster=minimal']);

const uids = (pods: ListOf<RunningPod>): string[] =>
  pods.items.map(({ metadata }) => metadata.uid).toSorted();

async function clusterReady(): Promise<boolean> {
  return isClusterReady(await kubectl.get<ShardedClusterObject>(['shardedcluster', 'minimal', inNamespace]));
}

describe('the operator', () => {
  it('runs twice, on two nodes, where only restricted pods may run', async () => {
    const isWhole = ({ items }: ListOf<RunningPod>) => items.length === 2 && items.every(isPodReady);
    const { items } = await eventually(operatorPods, isWhole);
    expect(items.filter(isPodReady)).toHaveLength(2);
    expect(new Set(items.map(({ spec }) => spec.nodeName)).size).toBe(2);
  });

  it('serves metrics through a port of that name', async () => {
    const service = 'shardwright-operator-metrics:metrics';
    const path = `/api/v1/namespaces/${OPERATOR.namespace}/services/${service}/proxy/metrics`;
    const names = ['workqueue_depth{', 'leader_election_master_status{'];
    // The API server leads to a pod a moment after it is ready, and either of the two may answer.
    const page = await eventually(
      () => kubectl.run(['get', `--raw=${path}`]),
      (text) => names.every((name) => text.includes(name)),
    );
    for (const name of names) {
      expect(page).toContain(name);
    }
  });

  it('makes the minimal example Ready with restricted pods', async () => {
    await kubectl.apply(readFileSync(join(checkoutFolder, 'examples/minimal.yaml'), 'utf8'), [inNamespace]);
    expect(await eventually(clusterReady, (ready) => ready, 240)).toBe(true);
    const readyPods = async () => (await databasePods()).items.filter(isPodReady);
    expect(await eventually(readyPods, ({ length }) => length === 6)).toHaveLength(6);
  });
});

describe('without the operator', () => {
  let before: string[];

  beforeAll(async () => {
    before = uids(await databasePods());
    await uninstallWithHelm();
  });

  it('the definitions, the cluster and its pods stay', async () => {
    const left = await eventually(operatorPods, ({ items }) => items.length === 0);
    expect(uids(left)).toEqual([]);
    expect(await kubectl.run(['get', 'crd', '--output=name'])).toContain('shardedclusters.shardwright.io');
    expect(uids(await databasePods())).toEqual(before);
  });

  it('the single file installs another, which goes on without restarting a database', async () => {
    const manifest = readFileSync(join(checkoutFolder, 'deploy/shardwright.yaml'), 'utf8');
    await kubectl.apply(manifest.replaceAll(/"shardwright:[^"]+"/g, `"${image}"`));
    await kubectl.run([
      'rollout',
      'status',
      'deployment/shardwright-operator',
      inOperatorNamespace,
      '--timeout=240s',
    ]);
    await kubectl.run(['delete', 'service', 'minimal-shard-1-primary', inNamespace]);
    const service = await eventually(
      () => kubectl.attempt(['get', 'service', 'minimal-shard-1-primary', inNamespace]),
      ({ exitCode }) => exitCode === 0,
    );
    expect(service.exitCode).toBe(0);
    expect(uids(await databasePods())).toEqual(before);
  });
});
