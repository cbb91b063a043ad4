/** How our resources are named to the API server, and what marks the objects we write. */

/** API group of every resource of ours. */
export const API_GROUP = 'shardwright.io';

/** Version of the group these types describe. */
export const API_VERSION = 'v1alpha1';

/** `apiVersion` of our objects. */
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** Field manager of every server-side apply of the operator. There is one, so that ownership is unambiguous. */
export const FIELD_MANAGER = 'shardwright';

/** Keeps a ShardedCluster until its volumes were treated as `spec.deletionPolicy` says. */
export const CLEANUP_FINALIZER = 'shardwright.io/cleanup';

/** Names of a resource, in the shape the runtime's `defineResource` takes. */
export interface ResourceNames {
  readonly group: typeof API_GROUP;
  readonly version: typeof API_VERSION;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** `kubectl get shardedclusters` */
export const SHARDED_CLUSTER_NAMES = {
  group: API_GROUP,
  version: API_VERSION,
  kind: 'ShardedCluster',
  plural: 'shardedclusters',
  namespaced: true,
} as const satisfies ResourceNames;

/** `kubectl get shardmaps` */
export const SHARD_MAP_NAMES = {
  group: API_GROUP,
  version: API_VERSION,
  kind: 'ShardMap',
  plural: 'shardmaps',
  namespaced: true,
} as const satisfies ResourceNames;

/** `kubectl get shardrebalances` */
export const SHARD_REBALANCE_NAMES = {
  group: API_GROUP,
  version: API_VERSION,
  kind: 'ShardRebalance',
  plural: 'shardrebalances',
  namespaced: true,
} as const satisfies ResourceNames;
