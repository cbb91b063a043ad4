/** Our own resources, as the runtime addresses them. */
import type { ShardedCluster, ShardMap } from '../../api/v1alpha1/index.ts';
import { SHARD_MAP_NAMES, SHARDED_CLUSTER_NAMES } from '../../api/v1alpha1/index.ts';
import { defineResource } from '../../runtime/objects.ts';

export const shardedClusters = defineResource<ShardedCluster>(SHARDED_CLUSTER_NAMES);
export const shardMaps = defineResource<ShardMap>(SHARD_MAP_NAMES);
