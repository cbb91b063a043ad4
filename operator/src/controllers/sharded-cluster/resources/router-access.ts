import type { V1PodDisruptionBudget, V1Role, V1RoleBinding, V1ServiceAccount } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { routerName } from '../../../api/v1alpha1/index.ts';
import { podDisruptionBudgets } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { routerLabels, routerSelector } from './labels.ts';
import {
  readerRole,
  readerRoleBinding,
  readerServiceAccount,
  type ShardMapReader,
} from './shard-map-reader.ts';

function routerReader({ metadata: { name } }: ShardedCluster): ShardMapReader {
  return { name: routerName(name), labels: routerLabels(name) };
}

/** The identity of the routers. */
export function routerServiceAccount(cluster: ShardedCluster): DesiredObject<V1ServiceAccount> {
  return readerServiceAccount(cluster, routerReader(cluster));
}

/** What the routers may do: read the ShardMap of their cluster, and nothing else. */
export function routerRole(cluster: ShardedCluster): DesiredObject<V1Role> {
  return readerRole(cluster, routerReader(cluster));
}

/** Gives the role to the routers. */
export function routerRoleBinding(cluster: ShardedCluster): DesiredObject<V1RoleBinding> {
  return readerRoleBinding(cluster, routerReader(cluster));
}

/** One router at a time may be evicted. None for a single one: its node could never be drained. */
export function routerDisruptionBudget(cluster: ShardedCluster): DesiredObject<V1PodDisruptionBudget>[] {
  const { name } = cluster.metadata;
  if (cluster.spec.router.replicas < 2) {
    return [];
  }
  return [
    {
      scope: 'cluster',
      type: podDisruptionBudgets,
      creation: 'apply',
      object: {
        ...typeMeta(podDisruptionBudgets),
        metadata: ownedMetadata(cluster, routerName(name), routerLabels(name)),
        spec: { maxUnavailable: 1, selector: { matchLabels: routerSelector(name) } },
      },
    },
  ];
}
