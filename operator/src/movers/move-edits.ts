/** The changes of the map that moves take: the phase and what it means for owners, in one write. Pure. */
import type { MoveLimits, ShardMapKeyspace, ShardMapMove, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { ownerOfMove } from '../api/v1alpha1/index.ts';
import { readSlotSet, writeSlotSet } from '../core/keyspace/slot-set.ts';
import { withoutSplit, withSplit } from '../core/rebalance/plan-split.ts';

/** A move that is not on the map yet. */
export type NewMove = Pick<ShardMapMove, 'id' | 'keyspace' | 'unit' | 'slot' | 'from' | 'to' | 'split'>;

/** What of a move changes from one phase to the next. */
export type MoveStep =
  | { readonly phase: 'Switching' | 'Returning' | 'Undoing' | 'Finishing' }
  /** `to` becomes the owner; its own position at that moment. */
  | { readonly phase: 'Soaking'; readonly openedAt: string }
  /** A switch, or a return, is given up: back to where it began, as another attempt. */
  | { readonly phase: 'undone' };

/**
 * The map with another move on it. Which shards have the reference tables is written down with the first one: until then it
 * follows from where slots are, which is about to change.
 */
export function withMove(
  map: ShardMapSpec,
  { id, keyspace, unit, slot, from, to, split }: NewMove,
): ShardMapSpec {
  const move: ShardMapMove = {
    id,
    keyspace,
    unit,
    ...(slot === undefined ? {} : { slot }),
    from,
    to,
    ...(split === undefined ? {} : { split }),
    phase: 'Copying',
    attempt: 1,
  };
  return revised(map, {
    keyspaces: keyspacesOf(map).map((each) =>
      each.name === keyspace ? { ...each, referenceShards: referenceShardsOf(each) } : each,
    ),
    moves: [...(map.moves ?? []), move],
  });
}

/** The map with a move one step further, and with the owner that goes with it. */
export function withStep(map: ShardMapSpec, id: string, step: MoveStep): ShardMapSpec {
  const before = map.moves?.find((move) => move.id === id);
  if (before === undefined) {
    throw new RangeError(`there is no move ${id} on the map`);
  }
  const after = stepped(before, step);
  // Both ends of a split are one shard: what is owned changes all the same.
  const isFlip = hasFlipped(before) !== hasFlipped(after);
  return revised(map, {
    keyspaces: isFlip ? keyspacesOf(map).map((each) => withOwner(each, after)) : keyspacesOf(map),
    moves: (map.moves ?? []).map((move) => (move.id === id ? after : move)),
  });
}

/** The map without a move that has ended. */
export function withoutMove(map: ShardMapSpec, id: string): ShardMapSpec {
  return revised(map, {
    keyspaces: keyspacesOf(map),
    moves: (map.moves ?? []).filter((move) => move.id !== id),
  });
}

/** The map with other limits. */
export function withLimits(map: ShardMapSpec, moveLimits: MoveLimits): ShardMapSpec {
  return { ...map, revision: map.revision + 1, moveLimits };
}

/** Numbers of the shards that have the reference tables of a keyspace, ascending. */
export function referenceShardsOf({
  referenceShards,
  homeShard,
  slotsByShard,
}: Pick<ShardMapKeyspace, 'referenceShards' | 'homeShard' | 'slotsByShard'>): number[] {
  return ascending(referenceShards ?? [homeShard, ...slotsByShard.map(({ shard }) => shard)]);
}

/** Whether what moves is where it is to be: of a split, whether the parts have taken the place of the slot. */
function hasFlipped({ phase }: Pick<ShardMapMove, 'phase'>): boolean {
  return ownerOfMove({ phase, from: 0, to: 1 }) === 1;
}

function stepped(move: ShardMapMove, step: MoveStep): ShardMapMove {
  switch (step.phase) {
    case 'Soaking':
      return { ...move, phase: 'Soaking', openedAt: step.openedAt };
    case 'undone':
      return {
        ...move,
        phase: move.phase === 'Returning' ? 'Soaking' : 'Copying',
        attempt: move.attempt + 1,
      };
    default:
      return { ...move, phase: step.phase };
  }
}

function withOwner(keyspace: ShardMapKeyspace, move: ShardMapMove): ShardMapKeyspace {
  if (keyspace.name !== move.keyspace) {
    return keyspace;
  }
  const owner = ownerOfMove(move);
  switch (move.unit) {
    case 'Slot':
      if (move.split !== undefined) {
        const { slotsByShard, ranges = [] } = keyspace;
        const split = { slot: move.slot ?? -1, ...move.split };
        const change = hasFlipped(move) ? withSplit : withoutSplit;
        return { ...keyspace, ...change({ slotsByShard, ranges }, split) };
      }
      return { ...keyspace, slotsByShard: withSlotOn(keyspace.slotsByShard, move.slot ?? -1, owner) };
    case 'Unsharded':
      return { ...keyspace, homeShard: owner };
    case 'Reference':
      return { ...keyspace, referenceShards: ascending([...referenceShardsOf(keyspace), move.to]) };
    default:
      return keyspace;
  }
}

function withSlotOn(
  slotsByShard: ShardMapKeyspace['slotsByShard'],
  slot: number,
  owner: number,
): ShardMapKeyspace['slotsByShard'] {
  const others = new Map(
    slotsByShard.map(({ shard, slots }) => [shard, readSlotSet(slots).filter((each) => each !== slot)]),
  );
  others.set(owner, ascending([...(others.get(owner) ?? []), slot]));
  return ascending([...others.keys()]).flatMap((shard) => {
    const slots = others.get(shard) ?? [];
    return slots.length === 0 ? [] : [{ shard, slots: writeSlotSet(slots) }];
  });
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].toSorted((left, right) => left - right);
}

function keyspacesOf({ keyspaces = [] }: Pick<ShardMapSpec, 'keyspaces'>): ShardMapKeyspace[] {
  return keyspaces;
}

function revised(map: ShardMapSpec, change: Pick<ShardMapSpec, 'keyspaces' | 'moves'>): ShardMapSpec {
  const { moves = [], keyspaces = [] } = change;
  const { moves: _, ...rest } = map;
  return { ...rest, revision: map.revision + 1, keyspaces, ...(moves.length === 0 ? {} : { moves }) };
}
