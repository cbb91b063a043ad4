/** Our own resources, as the runtime addresses them. */
import type { ShardedCluster, ShardMap, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { SHARD_MAP_NAMES, SHARD_REBALANCE_NAMES, SHARDED_CLUSTER_NAMES } from '../../api/v1alpha1/index.ts';
import { defineResource } from '../../runtime/objects.ts';

export const shardedClusters = defineResource<ShardedCluster>(SHARDED_CLUSTER_NAMES);
export const shardMaps = defineResource<ShardMap>(SHARD_MAP_NAMES);
export const shardRebalances = defineResource<ShardRebalance>(SHARD_REBALANCE_NAMES);
