import type { Topology } from '../topology/topology.ts';

/**
 * The shards that have copies of a keyspace's reference tables, the home shard first: its row locks put concurrent writers in one
 * order.
 */
export function referenceShards({ places }: Topology, keyspace: string): readonly number[] {
  const { homeShard = 0, referenceShards: shards = [] } = places.get(keyspace) ?? {};
  return [homeShard, ...shards.filter((shard) => shard !== homeShard)];
}
