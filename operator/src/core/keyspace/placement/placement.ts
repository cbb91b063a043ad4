/** A shard that takes slots. */
export interface PlacementShard {
  readonly number: number;
  /** Its share relative to the others', a positive integer; 1 where absent. `Modulo` knows none. */
  readonly weight?: number;
}

/** What a placement is decided from. */
export interface PlacementInput {
  /** Number of slots of the keyspace. */
  readonly slots: number;
  /** Shards that are to hold slots, at least one, in any order. */
  readonly shards: readonly PlacementShard[];
  /** Shard of each slot now, by slot; null for a slot that is nowhere yet. Empty for a new keyspace. */
  readonly current: readonly (number | null)[];
}

/** Shard of each slot, by slot. */
export type Placement = readonly number[];

/**
 * The shards in the order of their numbers.
 * @throws RangeError when there is none, one is there twice, or a weight is not a positive integer.
 */
export function checkedShards(shards: readonly PlacementShard[]): readonly PlacementShard[] {
  const sorted = shards.toSorted((left, right) => left.number - right.number);
  if (sorted.length === 0) {
    throw new RangeError('a placement needs at least one shard');
  }
  for (const [index, { number, weight = 1 }] of sorted.entries()) {
    if (sorted[index + 1]?.number === number) {
      throw new RangeError(`shard ${number} is there twice`);
    }
    if (!Number.isInteger(weight) || weight < 1) {
      throw new RangeError(`the weight of shard ${number} must be a positive integer`);
    }
  }
  return sorted;
}
