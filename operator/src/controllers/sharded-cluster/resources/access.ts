import type { V1Role, V1RoleBinding } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import type { DesiredObject } from './desired-object.ts';
import { databaseReader } from './service-account.ts';
import { readerRole, readerRoleBinding } from './shard-map-reader.ts';

/** What the pods of databases may do: read the ShardMap of their cluster, and nothing else. */
export function databaseRole(cluster: ShardedCluster): DesiredObject<V1Role> {
  return readerRole(cluster, databaseReader(cluster));
}

/** Gives the role to the ServiceAccount of the pods. */
export function databaseRoleBinding(cluster: ShardedCluster): DesiredObject<V1RoleBinding> {
  return readerRoleBinding(cluster, databaseReader(cluster));
}
