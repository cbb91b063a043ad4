import { shardName } from '../../api/v1alpha1/index.ts';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';

/** The ordinal of a pod of the given shard; `undefined` for any other name. */
export function ordinalOf(cluster: string, number: number, pod: string): number | undefined {
  const prefix = `${shardName(cluster, number)}-`;
  const rest = pod.startsWith(prefix) ? pod.slice(prefix.length) : '';
  return /^(0|[1-9]\d{0,3})$/.test(rest) ? Number(rest) : undefined;
}

/**
 * Instances a shard really gets: as asked for, but never so few that the primary, or, while there is none, a
 * member that may become it, would be removed with the highest ordinals.
 */
export function effectiveInstances(
  cluster: string,
  asked: number,
  shard: Pick<ShardMapShard, 'number' | 'primary' | 'replicas'> | undefined,
): number {
  if (shard === undefined) {
    return asked;
  }
  const kept = shard.primary === null ? shard.replicas : [shard.primary];
  const ordinals = kept.map((pod) => ordinalOf(cluster, shard.number, pod) ?? -1);
  return Math.max(asked, ...ordinals.map((ordinal) => ordinal + 1));
}

/** Members of a shard, each once, by their ordinals; whatever else is named comes last. */
export function membersInOrder(cluster: string, number: number, pods: readonly string[]): string[] {
  const position = (pod: string): number => ordinalOf(cluster, number, pod) ?? Number.MAX_SAFE_INTEGER;
  return [...new Set(pods)].toSorted((a, b) => position(a) - position(b) || a.localeCompare(b));
}
