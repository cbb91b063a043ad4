import type { V1Role, V1RoleBinding, V1ServiceAccount } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { API_GROUP, SHARD_MAP_NAMES, shardMapName } from '../../../api/v1alpha1/index.ts';
import { roleBindings, roles, serviceAccounts } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';

/** Pods that know where the shards are: what their ServiceAccount, Role and RoleBinding are all named, and labelled. */
export interface ShardMapReader {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The identity of such pods. Its token is given to no container by itself. */
export function readerServiceAccount(
  cluster: ShardedCluster,
  { name, labels }: ShardMapReader,
): DesiredObject<V1ServiceAccount> {
  return {
    scope: 'cluster',
    type: serviceAccounts,
    creation: 'apply',
    object: {
      ...typeMeta(serviceAccounts),
      metadata: ownedMetadata(cluster, name, labels),
      automountServiceAccountToken: false,
    },
  };
}

/** What they may do: read the ShardMap of their cluster, and nothing else. */
export function readerRole(cluster: ShardedCluster, { name, labels }: ShardMapReader): DesiredObject<V1Role> {
  return {
    scope: 'cluster',
    type: roles,
    creation: 'apply',
    object: {
      ...typeMeta(roles),
      metadata: ownedMetadata(cluster, name, labels),
      rules: [
        {
          apiGroups: [API_GROUP],
          resources: [SHARD_MAP_NAMES.plural],
          resourceNames: [shardMapName(cluster.metadata.name)],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    },
  };
}

/** Gives them the role. */
export function readerRoleBinding(
  cluster: ShardedCluster,
  { name, labels }: ShardMapReader,
): DesiredObject<V1RoleBinding> {
  return {
    scope: 'cluster',
    type: roleBindings,
    creation: 'apply',
    object: {
      ...typeMeta(roleBindings),
      metadata: ownedMetadata(cluster, name, labels),
      roleRef: { apiGroup: roles.group, kind: roles.kind, name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: cluster.metadata.namespace }],
    },
  };
}
