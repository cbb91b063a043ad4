import type { PlacementShard } from './placement.ts';

/** A shard that is to have more than others, as the spec says it. */
export interface ShardWeight {
  readonly shard: number;
  /** Its share relative to that of a shard without a weight, a positive integer. */
  readonly weight: number;
}

/** Weights by number of the shard; a shard that is not there has 1. */
export type Weights = ReadonlyMap<number, number>;

/** Weights for look-ups. */
export function weightsByShard(weights: readonly ShardWeight[]): Weights {
  return new Map(weights.map(({ shard, weight }) => [shard, weight]));
}

/** Shards as placements take them. */
export function withWeights(numbers: readonly number[], weights: Weights): readonly PlacementShard[] {
  return numbers.map((number) => ({ number, weight: weights.get(number) ?? 1 }));
}

/**
 * Slots of the shard that is fullest for its weight, divided by what it would have by its weight; 1 where there is nothing. With
 * equal weights: slots on the fullest shard divided by the mean of all.
 */
export function skewOf(owners: readonly number[], shards: readonly PlacementShard[]): number {
  const counts = new Map<number, number>();
  for (const owner of owners) {
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const weights = new Map(shards.map(({ number, weight = 1 }) => [number, weight]));
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const loads = [...counts].map(([number, count]) => count / (weights.get(number) ?? 1));
  return owners.length === 0 ? 1 : (Math.max(...loads) * sum) / owners.length;
}
