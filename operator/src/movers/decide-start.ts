/** Which move of a plan begins next. Pure. */
import type { ShardMapMove, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { MOST_MOVES_ON_MAP } from '../core/rebalance/estimate-duration.ts';
import type { NewMove } from './move-edits.ts';
import type { Whereabouts } from './whereabouts.ts';

/** What the choice rests on. */
export interface StartInput {
  readonly map: Pick<ShardMapSpec, 'moves'>;
  readonly whereabouts: Whereabouts;
  /** Moves of the plan, in its order. */
  readonly planned: readonly NewMove[];
  /** Ids of moves that are not to begin, or not again. */
  readonly excluded: ReadonlySet<string>;
  /** `spec.rebalance.maxParallelMoves` */
  readonly maxParallelMoves: number;
  /** Whether slots may move from or to a shard now. */
  readonly isUsable: (shard: number) => boolean;
  /** Whether everybody who may use a slot elsewhere can do so on a shard. */
  readonly hasAllUsers: (shard: number) => boolean;
}

/**
 * The first move of the plan that may begin: what it moves is where the plan says, both shards can be relied upon and the receiving one
 * has every user, no other
 * move is under way between the two, and reference tables come before the slots that use them.
 */
export function decideStart(input: StartInput): NewMove | null {
  const { map, planned, whereabouts, excluded, maxParallelMoves, isUsable, hasAllUsers } = input;
  const onMap = map.moves ?? [];
  const busy = onMap.filter(isBusy);
  if (busy.length >= maxParallelMoves || onMap.length >= MOST_MOVES_ON_MAP) {
    return null;
  }
  const known = new Set(onMap.map(({ id }) => id));
  const pairs = new Set(busy.map(pairOf));
  const isOwnedAsPlanned = (move: NewMove): boolean => whereabouts.ownerOf(move) === move.from;
  const copies = planned.filter(
    (move) => move.unit === 'Reference' && isOwnedAsPlanned(move) && !excluded.has(move.id),
  );
  const awaitsReferences = new Set(copies.map(({ keyspace, to }) => `${keyspace}/${to}`));
  return (
    planned.find(
      (move) =>
        !known.has(move.id) &&
        !excluded.has(move.id) &&
        !pairs.has(pairOf(move)) &&
        isUsable(move.from) &&
        isUsable(move.to) &&
        hasAllUsers(move.to) &&
        (move.unit === 'Reference' || !awaitsReferences.has(`${move.keyspace}/${move.to}`)) &&
        !isMoving(onMap, move) &&
        isOwnedAsPlanned(move),
    ) ?? null
  );
}

/** Whether a move costs its shards something: one that soaks only follows, and the others end soon. */
function isBusy({ phase }: ShardMapMove): boolean {
  return phase === 'Copying' || phase === 'Switching' || phase === 'Returning';
}

/** A pair of shards, whichever gives. */
function pairOf({ from, to }: Pick<ShardMapMove, 'from' | 'to'>): string {
  return `${Math.min(from, to)}/${Math.max(from, to)}`;
}

/** Whether another move, of a former plan for instance, still has to do with the same thing. */
function isMoving(onMap: readonly ShardMapMove[], { keyspace, unit, slot, split, to }: NewMove): boolean {
  const own = slotsOf({ slot, split });
  return onMap.some(
    (other) =>
      other.keyspace === keyspace &&
      other.unit === unit &&
      (other.slot === slot || slotsOf(other).some((each) => own.includes(each))) &&
      (unit !== 'Reference' || other.to === to),
  );
}

/** The slot of a move, and those that a split makes of it. */
function slotsOf({
  slot,
  split,
}: {
  readonly slot?: number | undefined;
  readonly split?: NewMove['split'] | undefined;
}): readonly number[] {
  return [slot, split?.lower, split?.upper].filter((number) => number !== undefined);
}
