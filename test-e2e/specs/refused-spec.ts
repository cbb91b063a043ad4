/** How the tables of refused objects are written. */

/** Fields of an object, as a user writes them. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object, or a change of one, that the API server must refuse. */
export interface RefusedSpec {
  /** What the user tries, in a few words. */
  readonly attempt: string;
  /** Name of the object; `shop` where absent. */
  readonly name?: string;
  /** The `spec` in force before, for a change; absent for a creation. */
  readonly from?: Fields;
  /** The `spec` sent. */
  readonly spec: Fields;
  /** Path of the field the answer must name. */
  readonly field: string;
  /** Words the answer must contain: the remedy, or what the field takes. */
  readonly remedy: string;
}

/** A minimal spec of a ShardedCluster with some fields added. */
export function withTwoShards(fields: Fields): Fields {
  return { shards: 2, ...fields };
}
