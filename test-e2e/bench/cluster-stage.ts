/** The development cluster with the operator installed by Helm, as a user has it, and a namespace for what is measured. */
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { connect } from '../../operator/src/runtime/client/connect.ts';
import type { KubernetesObject } from '../../operator/src/runtime/objects.ts';
import { persistentVolumeClaims, pods } from '../../operator/src/runtime/resources.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { Progress } from '../cluster/progress.ts';
import { describeCluster, downCluster, type ProviderName, upCluster } from '../cluster/provider.ts';
import { ensureDatabaseImage } from '../image/database-image.ts';
import { ensureOperatorImage } from '../image/operator-image.ts';
import { createHelm, imageValues, installChart } from '../install/helm.ts';
import { createKubectl, type Kubectl } from '../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../install/restricted-namespace.ts';
import { pauseInstalledOperators } from '../sharded-cluster/installed-operators.ts';

const NEVER = new AbortController().signal;

/** The MariaDB that the figures are about. */
export const MARIADB_VERSION = '11.8';

/** Where what is measured lives. */
export const NAMESPACE = 'bench';

/** Where the operator lives. */
export const OPERATOR = { name: 'shardwright-bench', namespace: 'bench-operator' } as const;

const WAIT = { timeoutMilliseconds: 240_000, everyMilliseconds: 200 };

/** The cluster, and ways to it. */
export interface ClusterStage {
  readonly provider: ProviderName;
  readonly kubectl: Kubectl;
  readonly client: ApiClient;
  /** Version of the API server. */
  readonly kubernetes: string;
  /** Has something done by `close`, as soon as the databases are gone. */
  afterRemoval(clean: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/** Where a stage has its operator, and where that looks for clusters. */
export interface StagePlace {
  readonly namespace: string;
  readonly operator: { readonly name: string; readonly namespace: string };
}

/**
 * Brings everything up, in place of what an earlier stage left there. A development cluster that was not there before is taken
 * down by `close`.
 */
export async function openClusterStage(
  progress: Progress,
  { namespace, operator }: StagePlace = { namespace: NAMESPACE, operator: OPERATOR },
): Promise<ClusterStage> {
  const wasUp = (await describeCluster({ progress })).healthy;
  const cleanUp: (() => Promise<unknown>)[] = wasUp ? [] : [() => downCluster({ progress })];
  const close = async (): Promise<void> => {
    for (const clean of cleanUp.splice(0).toReversed()) {
      await clean();
    }
  };
  try {
    const { kubeconfigPath, provider } = await upCluster({ progress });
    if (provider === 'bare') {
      await ensureDatabaseImage(MARIADB_VERSION, progress);
    }
    const image = await ensureOperatorImage(progress);
    const kubectl = await createKubectl(kubeconfigPath);
    const helm = await createHelm(kubeconfigPath);
    const connection = await connect({ kubeconfigPath, userAgent: operator.name });
    cleanUp.push(() => connection.close());
    const removeAll = async (): Promise<void> => {
      // The databases first, while the operator runs and has its rights in their namespace: those go with it.
      await kubectl.attempt([
        'delete',
        'shardedclusters',
        '--all',
        `--namespace=${namespace}`,
        '--timeout=120s',
      ]);
      await remove(kubectl, namespace);
      const inNamespace = `--namespace=${operator.namespace}`;
      await helm.run(['uninstall', operator.name, inNamespace, '--ignore-not-found', '--wait']);
      await remove(kubectl, operator.namespace);
    };
    await progress.step('remove what an interrupted run left', removeAll);
    // Two operators of different versions would undo each other's work.
    cleanUp.push(await pauseInstalledOperators(kubectl));
    await ensureRestrictedNamespace(kubectl, namespace);
    await ensureRestrictedNamespace(kubectl, operator.namespace);
    cleanUp.push(removeAll);
    await progress.step('install the operator', () =>
      installChart(helm, { ...operator, values: { ...imageValues(image), watchNamespace: namespace } }),
    );
    return {
      provider,
      kubectl,
      client: connection.client,
      kubernetes: await serverVersion(kubectl),
      afterRemoval: (clean) => void cleanUp.splice(cleanUp.indexOf(removeAll), 0, clean),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function remove(kubectl: Kubectl, namespace: string): Promise<void> {
  await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=120s']);
}

async function serverVersion(kubectl: Kubectl): Promise<string> {
  const text = await kubectl.run(['version', '--output=json']);
  return (JSON.parse(text) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion;
}

/** Creates a ShardedCluster whose data go with it. */
export async function createCluster(client: ApiClient, name: string, shards: number): Promise<void> {
  const object: KubernetesObject & { spec: object } = {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      shards,
      instances: 3,
      deletionPolicy: 'Delete',
      storage: { size: '1Gi' },
      resources: { requests: { cpu: '10m', memory: '128Mi' } },
    },
  };
  await client.create<KubernetesObject>(shardedClusters, object, NEVER);
}

/** Whether a condition of a ShardedCluster is True. */
export async function isConditionTrue(client: ApiClient, name: string, type: string): Promise<boolean> {
  const found = await client.get(shardedClusters, { namespace: NAMESPACE, name }, NEVER);
  return found?.status?.conditions?.some((each) => each.type === type && each.status === 'True') === true;
}

/** Deletes objects of a kind with everything that belongs to them. */
export async function deleteWithData(stage: ClusterStage, kind: string): Promise<void> {
  const { kubectl, client } = stage;
  await kubectl.run(['delete', kind, '--all', `--namespace=${NAMESPACE}`, '--timeout=120s']);
  await waitFor(
    'pods and volumes are gone',
    async () => {
      const scope = { namespace: NAMESPACE };
      const left = [
        ...(await client.list(pods, scope, NEVER)).items,
        ...(await client.list(persistentVolumeClaims, scope, NEVER)).items,
      ];
      return left.length === 0 ? true : undefined;
    },
    WAIT,
  );
}
