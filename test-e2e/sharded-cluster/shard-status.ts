import type { ShardStatus } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { World } from './world.ts';

/** What the status of a cluster says of its first shard. */
export async function shardStatus(world: World, cluster: string): Promise<ShardStatus> {
  const { status } = await world.require(shardedClusters, cluster);
  const [shard] = status?.shards ?? [];
  if (shard === undefined) {
    throw new Error(`the status of ${cluster} tells of no shard`);
  }
  return shard;
}
