/**
 * The stage of a chaos run: the development cluster, the operator installed from its chart with two replicas, and one
 * ShardedCluster of one shard with three instances, one on each node.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shardedClusters } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { connect } from '../../../operator/src/runtime/client/connect.ts';
import type { ApiClient } from '../../../operator/src/runtime/client/api-client.ts';
import type { KubernetesObject } from '../../../operator/src/runtime/objects.ts';
import { configMaps, secrets, services } from '../../../operator/src/runtime/resources.ts';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import type { ProviderName } from '../../cluster/provider.ts';
import { upCluster } from '../../cluster/provider.ts';
import type { Progress } from '../../cluster/progress.ts';
import { awaitReady } from '../../demo/await-ready.ts';
import { ensureDatabaseImage } from '../../image/database-image.ts';
import { ensureOperatorImage } from '../../image/operator-image.ts';
import { createHelm, imageValues, installChart } from '../../install/helm.ts';
import { createKubectl } from '../../install/kubectl.ts';
import type { Kubectl } from '../../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../../install/restricted-namespace.ts';
import { pauseInstalledOperators } from '../../sharded-cluster/installed-operators.ts';

/** An account of the databases. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The development cluster with the operator. */
interface StageBase {
  readonly kubeconfigPath: string;
  readonly provider: ProviderName;
  readonly kubectl: Kubectl;
  readonly client: ApiClient;
  readonly progress: Progress;
  /** Ends connections, and starts the operators again that were paused; the stage itself stays. */
  close(): Promise<void>;
}

/** What everything else needs. */
export interface Stage extends StageBase {
  readonly namespace: string;
  readonly cluster: string;
  readonly shard: number;
  /** `<cluster>-shard-<n>`. */
  readonly shardName: string;
  readonly application: Account;
  readonly administrator: Account;
  /** Certificate of the databases' authority, in PEM. */
  readonly authority: string;
  /** Address of the Service `-primary`. */
  readonly serviceAddress: string;
}

/** Where the operator of the runs is installed. */
export const OPERATOR = { name: 'chaos', namespace: 'chaos-operator' } as const;

const NAMESPACE = 'chaos';
const CLUSTER = 'chaos';
const READY_TIMEOUT_SECONDS = 300;
const NEVER = new AbortController().signal;

/**
 * Of the defaults only `minSecondsBetween` is changed: runs follow one another sooner than failures do. One instance
 * a node, whatever the scheduler prefers.
 */
export const CLUSTER_SPEC = {
  shards: 1,
  instances: 3,
  storage: { size: '1Gi' },
  resources: { requests: { cpu: '50m', memory: '256Mi' } },
  podAntiAffinity: 'Required',
  failover: { minSecondsBetween: 0 },
  deletionPolicy: 'Delete',
} as const;

/** Sets the stage, or finds it as an earlier run left it. */
export async function openStage(progress: Progress): Promise<Stage> {
  const { kubeconfigPath, provider } = await upCluster({ progress });
  if (provider === 'bare') {
    await ensureDatabaseImage('11.8', progress);
  }
  const image = await ensureOperatorImage(progress);
  const kubectl = await createKubectl(kubeconfigPath);
  const resume = await pauseInstalledOperators(kubectl, OPERATOR.namespace);
  await progress.step('install the operator', async () => {
    const folder = join(checkoutFolder, 'crds');
    for (const file of await readdir(folder)) {
      await kubectl.run(['apply', '--server-side', '--force-conflicts', `--filename=${join(folder, file)}`]);
    }
    for (const namespace of [NAMESPACE, OPERATOR.namespace]) {
      await ensureRestrictedNamespace(kubectl, namespace);
    }
    await installChart(await createHelm(kubeconfigPath), {
      ...OPERATOR,
      values: { ...imageValues(image), watchNamespace: NAMESPACE, 'crds.install': false },
    });
    await removeOlderDatabases(kubectl, image);
  });
  const connection = await connect({ kubeconfigPath, userAgent: 'shardwright-chaos' });
  const base: StageBase = {
    kubeconfigPath,
    provider,
    kubectl,
    client: connection.client,
    progress,
    async close() {
      await connection.close();
      await resume();
    },
  };
  return createDatabases(base);
}

/** Deletes the databases and makes new ones: what is left to do where a run left them broken for good. */
export async function rebuildStage(stage: Stage): Promise<Stage> {
  await removeDatabases(stage.kubectl);
  return createDatabases(stage);
}

/** Removes operator, cluster and namespaces. */
export async function strikeStage({ kubectl, kubeconfigPath }: StageBase): Promise<void> {
  await removeDatabases(kubectl);
  const helm = await createHelm(kubeconfigPath);
  await helm.attempt(['uninstall', OPERATOR.name, `--namespace=${OPERATOR.namespace}`]);
  await kubectl.run(['delete', 'namespace', NAMESPACE, OPERATOR.namespace, '--wait=false']);
}

/** Makes the databases unless they are there, waits until they are ready, and reads what clients need. */
async function createDatabases(base: StageBase): Promise<Stage> {
  const { kubectl, client, progress } = base;
  await progress.step('make the databases', async () => {
    const object = {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardedCluster',
      metadata: { name: CLUSTER },
      spec: CLUSTER_SPEC,
    };
    await kubectl.apply(JSON.stringify(object), [`--namespace=${NAMESPACE}`]);
    const key = { namespace: NAMESPACE, name: CLUSTER };
    await awaitReady(kubectl, key, (line) => progress.note(line), READY_TIMEOUT_SECONDS);
  });
  const shardName = `${CLUSTER}-shard-0`;
  const key = (name: string) => ({ namespace: NAMESPACE, name });
  const account = async (name: string): Promise<Account> => {
    const secret = await client.get(secrets, key(name), NEVER);
    const decode = (field: string): string =>
      Buffer.from(secret?.data?.[field] ?? '', 'base64').toString('utf8');
    return { user: decode('username'), password: decode('password') };
  };
  const authority = (await client.get(configMaps, key(`${CLUSTER}-ca`), NEVER))?.data?.['ca.crt'] ?? '';
  const service = await client.get(services, key(`${shardName}-primary`), NEVER);
  return {
    ...base,
    namespace: NAMESPACE,
    cluster: CLUSTER,
    shard: 0,
    shardName,
    application: await account(`${CLUSTER}-app`),
    administrator: await account(`${CLUSTER}-admin`),
    authority,
    serviceAddress: service?.spec?.clusterIP ?? '',
  };
}

async function removeDatabases(kubectl: Kubectl): Promise<void> {
  const inNamespace = `--namespace=${NAMESPACE}`;
  const selector = `--selector=shardwright.io/cluster=${CLUSTER}`;
  await kubectl.run([
    'delete',
    'shardedcluster',
    CLUSTER,
    inNamespace,
    '--timeout=120s',
    '--ignore-not-found',
  ]);
  await kubectl.run(['wait', 'pods', inNamespace, selector, '--for=delete', '--timeout=120s']);
}

/**
 * Deletes the cluster if its pods run the agent of another image: an upgrade of the operator restarts no database by
 * itself, and runs are about what is in this checkout.
 */
async function removeOlderDatabases(kubectl: Kubectl, image: string): Promise<void> {
  const inNamespace = `--namespace=${NAMESPACE}`;
  const columns = '--output=jsonpath={.items[*].spec.initContainers[*].image}';
  const selector = `--selector=shardwright.io/cluster=${CLUSTER}`;
  const images = await kubectl.run(['get', 'pods', inNamespace, selector, columns]);
  if (images.trim() !== '' && !images.split(' ').includes(image)) {
    await removeDatabases(kubectl);
  }
}

/** Changes fields of the cluster's spec. */
export async function changeSpec(stage: Stage, spec: object): Promise<void> {
  const key = { namespace: stage.namespace, name: stage.cluster };
  await stage.client.mergePatch<KubernetesObject>(shardedClusters, key, { spec }, {}, NEVER);
}

/** Sets annotations of the cluster. */
export async function annotate(stage: Stage, annotations: Readonly<Record<string, string>>): Promise<void> {
  const key = { namespace: stage.namespace, name: stage.cluster };
  const patch = { metadata: { annotations } };
  await stage.client.mergePatch<KubernetesObject>(shardedClusters, key, patch, {}, NEVER);
}
