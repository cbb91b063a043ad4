/** What a plan is made from. */
import type { PlacementName } from '../keyspace/placement/place-slots.ts';
import type { RangeBound } from '../keyspace/ranges.ts';
import type { ShardSlots } from '../keyspace/slot-owners.ts';

/** A keyspace, as the ShardMap has it. */
export interface PlannedKeyspace {
  readonly name: string;
  readonly placement: PlacementName;
  /** Number of slots; of a keyspace cut by ranges the most there can be. */
  readonly slots: number;
  readonly slotsByShard: readonly ShardSlots[];
  /** Of one that is cut by intervals. */
  readonly ranges?: readonly RangeBound[];
  readonly homeShard: number;
  /** Shards with the reference tables; absent: those that hold slots, and the home shard. */
  readonly referenceShards?: readonly number[];
}

/** What was measured of a database. */
export interface DatabaseMeasure {
  /** About. */
  readonly rows: number;
  /** About, on disk, indexes included. */
  readonly bytes: number;
  /** @default none known */
  readonly tablesWithoutPrimaryKey?: readonly string[];
  /** Tables of engines without transactions. @default none known */
  readonly tablesNotTransactional?: readonly string[];
  /** Tables with foreign keys to other databases. @default none known */
  readonly tablesReferringElsewhere?: readonly string[];
  /** Whatever else keeps it from being moved, in sentences. @default none known */
  readonly otherObstacles?: readonly string[];
}

/** Measures by name of the database; one that is not there was not measured. */
export type DatabaseMeasures = ReadonlyMap<string, DatabaseMeasure>;

/** How fast a move may be; of `ShardedCluster.spec.rebalance`. */
export interface MoveSpeed {
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly maxParallelMoves: number;
  /** Seconds for which a move stays on the map after its cut-over, where there is room for few. */
  readonly soakSeconds: number;
}
