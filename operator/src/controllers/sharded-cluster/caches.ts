/** Local copies of everything a ShardedCluster consists of. */
import type {
  V1ConfigMap,
  V1Deployment,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { ShardedCluster, ShardMap, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { FIELD_MANAGER, LABELS } from '../../api/v1alpha1/index.ts';
import type { Informer, InformerOptions } from '../../runtime/cache/informer.ts';
import { createInformer } from '../../runtime/cache/informer.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from '../../runtime/objects.ts';
import { formatKey } from '../../runtime/objects.ts';
import {
  configMaps,
  deployments,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../runtime/resources.ts';
import { shardedClusters, shardMaps, shardRebalances } from './resource-types.ts';
import { ANY_CLUSTER_SELECTOR } from './resources/labels.ts';

/**
 * One informer for each kind. All but those of what people write see only objects with the label of a cluster.
 */
export interface ClusterCaches {
  readonly clusters: Informer<ShardedCluster>;
  readonly rebalances: Informer<ShardRebalance>;
  readonly shardMaps: Informer<ShardMap>;
  readonly statefulSets: Informer<V1StatefulSet>;
  readonly deployments: Informer<V1Deployment>;
  readonly services: Informer<V1Service>;
  readonly secrets: Informer<V1Secret>;
  readonly configMaps: Informer<V1ConfigMap>;
  readonly serviceAccounts: Informer<V1ServiceAccount>;
  readonly roles: Informer<V1Role>;
  readonly roleBindings: Informer<V1RoleBinding>;
  readonly podDisruptionBudgets: Informer<V1PodDisruptionBudget>;
  readonly pods: Informer<V1Pod>;
  readonly persistentVolumeClaims: Informer<V1PersistentVolumeClaim>;
}

/** What every informer is made with. */
export type CacheOptions = Pick<InformerOptions<KubernetesObject>, 'client' | 'clock' | 'logger'> &
  Partial<Pick<InformerOptions<KubernetesObject>, 'metrics' | 'random' | 'namespaces' | 'freeze'>>;

const BY_CLUSTER = 'cluster';

/** Makes the informers; they must be run by a manager. */
export function createCaches(options: CacheOptions): ClusterCaches {
  function labelled<T extends KubernetesObject>(type: ResourceType<T>): Informer<T> {
    return createInformer<T>({
      ...options,
      type,
      labelSelector: ANY_CLUSTER_SELECTOR,
      fieldManager: FIELD_MANAGER,
      indexers: { [BY_CLUSTER]: (object) => clusterKeysOf(object).map(formatKey) },
    });
  }
  return {
    clusters: createInformer<ShardedCluster>({ ...options, type: shardedClusters }),
    rebalances: createInformer<ShardRebalance>({
      ...options,
      type: shardRebalances,
      indexers: { [BY_CLUSTER]: (rebalance) => [formatKey(clusterOfRebalance(rebalance))] },
    }),
    shardMaps: labelled(shardMaps),
    statefulSets: labelled(statefulSets),
    deployments: labelled(deployments),
    services: labelled(services),
    secrets: labelled(secrets),
    configMaps: labelled(configMaps),
    serviceAccounts: labelled(serviceAccounts),
    roles: labelled(roles),
    roleBindings: labelled(roleBindings),
    podDisruptionBudgets: labelled(podDisruptionBudgets),
    pods: labelled(pods),
    persistentVolumeClaims: labelled(persistentVolumeClaims),
  };
}

/** The informers of what belongs to a cluster: neither the clusters themselves, nor what people write beside them. */
export function memberCaches(caches: ClusterCaches): readonly Informer<KubernetesObject>[] {
  const { clusters: _clusters, rebalances: _rebalances, ...members } = caches;
  return Object.values(members);
}

/** The cached objects that carry the label of a cluster. */
export function objectsOfCluster<T extends KubernetesObject>(
  informer: Informer<T>,
  key: ObjectKey,
): readonly T[] {
  return informer.byIndex(BY_CLUSTER, formatKey(key));
}

/** The cluster whose slots a rebalance moves, whether or not there is one. */
export function clusterOfRebalance({ metadata: { namespace }, spec }: ShardRebalance): ObjectKey {
  return { namespace, name: spec.clusterName };
}

/** The rebalances of a cluster. */
export function rebalancesOfCluster(
  informer: Pick<Informer<ShardRebalance>, 'byIndex'>,
  key: ObjectKey,
): readonly ShardRebalance[] {
  return informer.byIndex(BY_CLUSTER, formatKey(key));
}

/** The cluster an object is labelled with. */
export function clusterKeysOf(object: KubernetesObject): ObjectKey[] {
  const { namespace, labels } = object.metadata ?? {};
  const name = labels?.[LABELS.cluster];
  return namespace === undefined || name === undefined || name === '' ? [] : [{ namespace, name }];
}
