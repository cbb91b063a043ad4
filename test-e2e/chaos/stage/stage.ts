/**
 * The stage of a chaos run: the development cluster, the operator installed from its chart with two replicas, and one
 * ShardedCluster of one shard with three instances, one on each node, and a keyspace with routers in front of it.
 */
import { shardedClusters } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { ApiClient } from '../../../operator/src/runtime/client/api-client.ts';
import type { KubernetesObject } from '../../../operator/src/runtime/objects.ts';
import type { ProviderName } from '../../cluster/provider.ts';
import type { Progress } from '../../cluster/progress.ts';
import type { Kubectl } from '../../install/kubectl.ts';

/** An account of the databases. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The development cluster with the operator. */
export interface StageBase {
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
  /** Address of the Service of the routers. */
  readonly routerAddress: string;
  /** How the databases differ from the usual ones. */
  readonly setting: Setting;
}

/**
 * What a fault needs that the usual databases do not have. `smallVolumes`: volumes that can be filled, in memory;
 * `ownClocks`: programs whose wall clock can be shifted.
 */
export type Setting = (typeof SETTINGS)[number];

/** Every setting, in the order in which a sequence uses them. */
export const SETTINGS = ['usual', 'smallVolumes', 'ownClocks'] as const;

/** Where the operator of the runs is installed. */
export const OPERATOR = { name: 'chaos', namespace: 'chaos-operator' } as const;

const NEVER = new AbortController().signal;

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
