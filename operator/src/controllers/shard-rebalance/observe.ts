/** What decisions about the rebalances of a cluster rest on. */
import type { ShardedCluster, ShardMapMove, ShardMapSpec, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { ENDED_PHASES } from '../../api/v1alpha1/index.ts';
import type { DatabaseObstacle, MeasuredShard, MoveView } from '../../core/move-view.ts';

/** What keeps databases of a plan from being moved. */
export interface Inspection {
  readonly obstacles: readonly DatabaseObstacle[];
  /** Shards that did not tell, and why: a few words for each. */
  readonly silent: readonly string[];
}

/** Everything about one cluster, at one moment. */
export interface ClusterObservation {
  readonly cluster: ShardedCluster;
  readonly map: ShardMapSpec;
  /** All that name the cluster, the oldest first. */
  readonly rebalances: readonly ShardRebalance[];
  /** Every shard of the map. */
  readonly shards: readonly MeasuredShard[];
  /** What is known of a move on the map beyond the map. */
  readonly viewOf: (id: string) => MoveView | undefined;
  /** What was found to keep databases from being moved, where that was looked for. */
  readonly inspection?: Inspection;
  readonly isWindowOpen: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Whether nothing of a rebalance moves any more, for ever. */
export function hasEnded({ status }: Pick<ShardRebalance, 'status'>): boolean {
  const ended: readonly (string | undefined)[] = ENDED_PHASES;
  return ended.includes(status?.phase);
}

/** The oldest first; of one second, by name. */
export function inOrderOfAge(rebalances: readonly ShardRebalance[]): ShardRebalance[] {
  return rebalances.toSorted((left, right) => (ageOf(left) < ageOf(right) ? -1 : 1));
}

function ageOf({ metadata }: ShardRebalance): string {
  return `${metadata.creationTimestamp ?? ''}/${metadata.name}`;
}

/** Moves on the map, by id. */
export function movesById({ moves = [] }: Pick<ShardMapSpec, 'moves'>): ReadonlyMap<string, ShardMapMove> {
  return new Map(moves.map((move) => [move.id, move]));
}
