import type {
  V1Deployment,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { ShardedCluster, ShardMap, ShardRebalance } from '../../api/v1alpha1/index.ts';
import {
  adminSecretName,
  applicationSecretName,
  routerName,
  shardMapName,
} from '../../api/v1alpha1/index.ts';
import type { Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import { keyOf } from '../../runtime/objects.ts';
import { persistentVolumeClaims } from '../../runtime/resources.ts';
import type { ClusterCaches } from './caches.ts';
import { memberCaches, objectsOfCluster, rebalancesOfCluster } from './caches.ts';
import { listAll } from './list-all.ts';
import { shardOfDataClaim } from './member-names.ts';
import { internalSecretName } from './resources/accounts.ts';
import { objectId } from './resources/desired-object.ts';

/** An object that exists. */
export interface ObservedObject {
  readonly type: ResourceType<KubernetesObject>;
  readonly object: KubernetesObject;
}

/** What exists of a cluster. Never change what is in it: it is shared with the caches. */
export interface Observed {
  /** Every object with the label of the cluster, by {@link objectId}. */
  readonly objects: ReadonlyMap<string, ObservedObject>;
  /** Whoever owns it. */
  readonly shardMap: ShardMap | undefined;
  /** Whoever owns it. */
  readonly applicationSecret: V1Secret | undefined;
  /** Whoever owns it. */
  readonly adminSecret: V1Secret | undefined;
  /** Whoever owns it. */
  readonly internalSecret: V1Secret | undefined;
  /** Whoever owns it; not looked for where there are no keyspaces. */
  readonly routerSecret: V1Secret | undefined;
  readonly routerDeployment: V1Deployment | undefined;
  readonly rebalances: readonly ShardRebalance[];
  readonly statefulSets: readonly V1StatefulSet[];
  readonly pods: readonly V1Pod[];
  /** Those with the label of the cluster; where the map lacks a shard, those by name as well. */
  readonly volumeClaims: readonly V1PersistentVolumeClaim[];
}

/**
 * Gathers what exists of a cluster, from the caches. Only the ShardMap and the Secrets are asked for at the API
 * server when no cache has them: a primary chosen or a password made up because a cache was behind could not be
 * taken back. So are volumes before a shard is made: one that has lost its label may hold the data of that shard.
 */
export async function observeCluster(
  caches: ClusterCaches,
  client: ApiClient,
  cluster: ShardedCluster,
  signal: AbortSignal,
): Promise<Observed> {
  const { name, namespace } = cluster.metadata;
  const key = { namespace, name };
  async function certainly<T extends KubernetesObject>(
    informer: Informer<T>,
    objectName: string,
  ): Promise<T | undefined> {
    const objectKey = { namespace, name: objectName };
    return informer.get(objectKey) ?? (await client.get(informer.type, objectKey, signal));
  }
  const shardMap = await certainly(caches.shardMaps, shardMapName(name));
  const labelledClaims = objectsOfCluster(caches.persistentVolumeClaims, key);
  return {
    objects: labelledObjects(caches, cluster),
    shardMap,
    applicationSecret: await certainly(caches.secrets, applicationSecretName(name)),
    adminSecret: await certainly(caches.secrets, adminSecretName(name)),
    internalSecret: await certainly(caches.secrets, internalSecretName(name)),
    routerSecret:
      cluster.spec.keyspaces.length === 0 ? undefined : await certainly(caches.secrets, routerName(name)),
    routerDeployment: caches.deployments.get({ namespace, name: routerName(name) }),
    rebalances: rebalancesOfCluster(caches.rebalances, key),
    statefulSets: objectsOfCluster(caches.statefulSets, key),
    pods: objectsOfCluster(caches.pods, key),
    volumeClaims: isComplete(shardMap, cluster)
      ? labelledClaims
      : [...labelledClaims, ...(await otherClaims(client, cluster, labelledClaims, signal))],
  };
}

/** Whether every shard asked for is in the map, so that none will be bootstrapped. */
function isComplete(shardMap: ShardMap | undefined, { spec }: ShardedCluster): boolean {
  const mapped = new Set(shardMap?.spec.shards.map(({ number }) => number));
  return (
    mapped.size > 0 && Array.from({ length: spec.shards }, (_, number) => number).every((n) => mapped.has(n))
  );
}

/** Claims of the names of the cluster's that no cache shows, since their label was removed or they are new. */
async function otherClaims(
  client: ApiClient,
  { metadata: { name, namespace } }: ShardedCluster,
  known: readonly V1PersistentVolumeClaim[],
  signal: AbortSignal,
): Promise<readonly V1PersistentVolumeClaim[]> {
  const names = new Set(known.map((claim) => keyOf(claim).name));
  const all = await listAll(client, persistentVolumeClaims, { namespace }, signal);
  return all.filter((claim) => {
    const claimName = keyOf(claim).name;
    return !names.has(claimName) && shardOfDataClaim(name, claimName) !== undefined;
  });
}

function labelledObjects(caches: ClusterCaches, cluster: ShardedCluster): Map<string, ObservedObject> {
  const { name, namespace } = cluster.metadata;
  const found = new Map<string, ObservedObject>();
  for (const informer of memberCaches(caches)) {
    for (const object of objectsOfCluster(informer, { namespace, name })) {
      found.set(objectId(informer.type, object.metadata?.name ?? ''), { type: informer.type, object });
    }
  }
  return found;
}
