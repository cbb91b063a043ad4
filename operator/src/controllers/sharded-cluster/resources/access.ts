import type { V1Role, V1RoleBinding } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { API_GROUP, SHARD_MAP_NAMES, shardMapName } from '../../../api/v1alpha1/index.ts';
import { roleBindings, roles } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';
import { databaseServiceAccountName } from './service-account.ts';

/** What the pods of databases may do: read the ShardMap of their cluster, and nothing else. */
export function databaseRole(cluster: ShardedCluster): DesiredObject<V1Role> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: roles,
    creation: 'apply',
    object: {
      ...typeMeta(roles),
      metadata: ownedMetadata(cluster, databaseServiceAccountName(name), clusterLabels(name)),
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

/** Gives the role to the ServiceAccount of the pods. */
export function databaseRoleBinding(cluster: ShardedCluster): DesiredObject<V1RoleBinding> {
  const { name, namespace } = cluster.metadata;
  const account = databaseServiceAccountName(name);
  return {
    scope: 'cluster',
    type: roleBindings,
    creation: 'apply',
    object: {
      ...typeMeta(roleBindings),
      metadata: ownedMetadata(cluster, account, clusterLabels(name)),
      roleRef: { apiGroup: roles.group, kind: roles.kind, name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  };
}
