import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { Role, ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { primaryServiceName, replicasServiceName } from '../../../api/v1alpha1/index.ts';
import { podDisruptionBudgets } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { roleSelector, shardLabels } from './labels.ts';

/**
 * The budgets of a shard of `instances`, one per role and disjoint, since the eviction API refuses a pod that
 * two budgets cover. A single instance gets none: its node could never be drained. The primary may be evicted while it
 * can hand over, which it does before it stops.
 *
 * Both say `minAvailable`: `maxUnavailable` counts against the size of the whole StatefulSet, so that a budget
 * for some of its pods would never allow an eviction.
 */
export function podDisruptionBudgetsOf(
  cluster: ShardedCluster,
  number: number,
  instances: number,
  canHandOver: boolean,
): DesiredObject<V1PodDisruptionBudget>[] {
  if (instances < 2) {
    return [];
  }
  const { name } = cluster.metadata;
  const replicas = instances - 1;
  return [
    budget(cluster, number, 'primary', primaryServiceName(name, number), canHandOver ? 0 : 1),
    budget(cluster, number, 'replica', replicasServiceName(name, number), replicas - 1),
  ];
}

function budget(
  cluster: ShardedCluster,
  number: number,
  role: Role,
  name: string,
  minAvailable: number,
): DesiredObject<V1PodDisruptionBudget> {
  const clusterName = cluster.metadata.name;
  return {
    scope: number,
    type: podDisruptionBudgets,
    creation: 'apply',
    object: {
      ...typeMeta(podDisruptionBudgets),
      metadata: ownedMetadata(cluster, name, shardLabels(clusterName, number)),
      spec: { minAvailable, selector: { matchLabels: roleSelector(clusterName, number, role) } },
    },
  };
}
