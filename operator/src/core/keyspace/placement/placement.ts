/** A shard that takes slots. */
export interface PlacementShard {
  readonly number: number;
  /** Its share relative to the others', a positive integer; 1 where absent. */
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
