import type { V1PodDisruptionBudget, V1Role, V1RoleBinding, V1ServiceAccount } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { API_GROUP, routerName, SHARD_MAP_NAMES, shardMapName } from '../../../api/v1alpha1/index.ts';
import { podDisruptionBudgets, roleBindings, roles, serviceAccounts } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { routerLabels, routerSelector } from './labels.ts';

/** The identity of the routers. */
export function routerServiceAccount(cluster: ShardedCluster): DesiredObject<V1ServiceAccount> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: serviceAccounts,
    creation: 'apply',
    object: {
      ...typeMeta(serviceAccounts),
      metadata: ownedMetadata(cluster, routerName(name), routerLabels(name)),
      automountServiceAccountToken: false,
    },
  };
}

/** What the routers may do: read the ShardMap of their cluster, and nothing else. */
export function routerRole(cluster: ShardedCluster): DesiredObject<V1Role> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: roles,
    creation: 'apply',
    object: {
      ...typeMeta(roles),
      metadata: ownedMetadata(cluster, routerName(name), routerLabels(name)),
      rules: [
        {
          apiGroups: [API_GROUP],
          resources: [SHARD_MAP_NAMES.plural],
          resourceNames: [shardMapName(name)],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    },
  };
}

/** Gives the role to the routers. */
export function routerRoleBinding(cluster: ShardedCluster): DesiredObject<V1RoleBinding> {
  const { name, namespace } = cluster.metadata;
  const account = routerName(name);
  return {
    scope: 'cluster',
    type: roleBindings,
    creation: 'apply',
    object: {
      ...typeMeta(roleBindings),
      metadata: ownedMetadata(cluster, account, routerLabels(name)),
      roleRef: { apiGroup: roles.group, kind: roles.kind, name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  };
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
