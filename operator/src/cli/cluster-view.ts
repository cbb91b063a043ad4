/** What the plugin knows of a cluster: the ShardedCluster and its map, as the API server has them. */
import {
  parseShardedCluster,
  parseShardMap,
  podName,
  SHARD_MAP_NAMES,
  SHARDED_CLUSTER_NAMES,
  shardMapName,
  shardName,
  type ShardedCluster,
  type ShardMap,
  type ShardMapShard,
  type ShardStatus,
} from '../api/v1alpha1/index.ts';
import { defineResource } from '../runtime/objects.ts';
import { PluginFailure } from './failure.ts';
import type { PluginSession } from './session.ts';

export const shardedClusters = defineResource<ShardedCluster>(SHARDED_CLUSTER_NAMES);
export const shardMaps = defineResource<ShardMap>(SHARD_MAP_NAMES);

/** A cluster and its map. */
export interface ClusterView {
  readonly cluster: ShardedCluster;
  /** Undefined while the operator has not made it. */
  readonly map: ShardMap | undefined;
}

/** One shard of a cluster: its place in the map, and what the status says of it. */
export interface ShardView {
  readonly entry: ShardMapShard;
  readonly status: ShardStatus | undefined;
}

/** Reads a cluster. Throws {@link PluginFailure} where there is none. */
export async function readCluster(
  { client, namespace }: PluginSession,
  name: string,
  signal: AbortSignal,
): Promise<ClusterView> {
  const [cluster, map] = await Promise.all([
    client.get(shardedClusters, { namespace, name }, signal),
    client.get(shardMaps, { namespace, name: shardMapName(name) }, signal),
  ]);
  if (cluster === undefined) {
    throw new PluginFailure(
      'NotFound',
      `there is no ShardedCluster ${name} in the namespace ${namespace}: kubectl get shardedclusters --all-namespaces shows all`,
    );
  }
  return {
    cluster: parseShardedCluster(cluster),
    map: map === undefined ? undefined : parseShardMap(map),
  };
}

/** The shard that is meant by its number or its name. Throws {@link PluginFailure} where there is none. */
export function findShard({ cluster, map }: ClusterView, meant: string): ShardView {
  const { name } = cluster.metadata;
  const number = numberOf(name, meant);
  const entry = map?.spec.shards.find((shard) => shard.number === number);
  if (entry === undefined) {
    const known = map?.spec.shards.map((shard) => shard.number).join(', ') ?? '';
    const all = known === '' ? 'none exists yet' : `there are ${known}`;
    throw new PluginFailure('NotFound', `${name} has no shard ${meant}: ${all}`);
  }
  return { entry, status: cluster.status?.shards?.find((shard) => shard.name === entry.name) };
}

/** The member of a shard that is meant by its name or its number. Throws {@link PluginFailure} where there is none. */
export function findMember(cluster: string, entry: ShardMapShard, meant: string): string {
  const pod = /^\d+$/u.test(meant) ? podName(cluster, entry.number, Number(meant)) : meant;
  const members = membersOf(entry);
  if (!members.includes(pod)) {
    throw new PluginFailure(
      'NotFound',
      `${entry.name} has no member ${meant}: there are ${members.join(', ')}`,
    );
  }
  return pod;
}

/** All members of a shard, its primary first. */
export function membersOf({ primary, replicas }: ShardMapShard): string[] {
  return [...(primary === null ? [] : [primary]), ...replicas];
}

function numberOf(cluster: string, meant: string): number | undefined {
  const prefix = shardName(cluster, 0).slice(0, -1);
  const digits = meant.startsWith(prefix) ? meant.slice(prefix.length) : meant;
  return /^\d{1,4}$/u.test(digits) ? Number(digits) : undefined;
}
