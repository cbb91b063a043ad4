/** The moves of one keyspace after a change of the number of shards. */
import { placeModulo } from '../keyspace/placement/modulo.ts';
import { placeBalanced } from '../keyspace/placement/balanced.ts';
import { placeSlots } from '../keyspace/placement/place-slots.ts';
import type { PlacementShard } from '../keyspace/placement/placement.ts';
import { skewOf, withWeights, type Weights } from '../keyspace/placement/weights.ts';
import { readSlotOwners } from '../keyspace/slot-owners.ts';
import type { PlannedKeyspace } from './planned-keyspace.ts';
import type { PlannedMove } from './planned-move.ts';

/** What becomes of a keyspace. */
export interface KeyspaceOutcome {
  /** In the order of keyspaces' units: reference tables, unsharded tables, slots by number. */
  readonly moves: readonly PlannedMove[];
  /** Slots that exist. */
  readonly slots: number;
  readonly slotsMoved: number;
  /** Slots that any placement as even as `Balanced` would move. */
  readonly slotsMovedAtLeast: number;
  /** Slots that would move from `Modulo` over the shards before to `Modulo` over those after. */
  readonly slotsMovedByModulo: number;
  /** See `skewOf`. */
  readonly skewBefore: number;
  readonly skewAfter: number;
}

/**
 * Plans one keyspace. `after`: the shards that are to hold slots. The home shard stays unless it leaves; then it is the
 * shard with the fewest homes, by `homes` (homes by shard, without those that leave). `weights`: of all shards.
 * @throws RangeError for shards that no placement takes, SlotSetError and SlotOwnersError for slots that cannot be read.
 */
export function planKeyspace(
  keyspace: PlannedKeyspace,
  after: readonly PlacementShard[],
  homes: ReadonlyMap<number, number>,
  weights: Weights,
): KeyspaceOutcome {
  const { name, placement, homeShard } = keyspace;
  const { numbers, owners } = existingSlots(keyspace);
  const input = { slots: numbers.length, shards: after, current: owners };
  const placed = placeSlots(placement, input);
  const slotMoves = numbers.flatMap((slot, index): PlannedMove[] => {
    const from = owners[index];
    const to = placed[index];
    return from === undefined || to === undefined || from === to
      ? []
      : [{ keyspace: name, unit: 'Slot', slot, from, to }];
  });
  const remaining = after.map(({ number }) => number);
  const home = remaining.includes(homeShard) ? homeShard : fewestHomes(remaining, homes);
  const homeMoves: PlannedMove[] =
    home === homeShard ? [] : [{ keyspace: name, unit: 'Unsharded', from: homeShard, to: home }];
  const before = withWeights([...new Set(owners)], weights);
  return {
    moves: [...referenceMoves(keyspace, [...homeMoves, ...slotMoves]), ...homeMoves, ...slotMoves],
    slots: numbers.length,
    slotsMoved: slotMoves.length,
    slotsMovedAtLeast: differences(owners, placeBalanced(input)),
    slotsMovedByModulo: differences(
      placeModulo({ slots: numbers.length, shards: before, current: [] }),
      placeModulo({ slots: numbers.length, shards: after, current: [] }),
    ),
    skewBefore: skewOf(owners, before),
    skewAfter: skewOf(placed, after),
  };
}

/** Slots of the keyspace that exist, ascending, and the shard of each: of one cut by ranges some do not exist yet. */
export function existingSlots({ slotsByShard, slots }: PlannedKeyspace): {
  readonly numbers: readonly number[];
  readonly owners: readonly number[];
} {
  const { shards } = readSlotOwners(slotsByShard, slots);
  const numbers: number[] = [];
  const owners: number[] = [];
  for (const [slot, shard] of shards.entries()) {
    if (shard >= 0) {
      numbers.push(slot);
      owners.push(shard);
    }
  }
  return { numbers, owners };
}

/** Copies of the reference tables, for each shard that gets something of the keyspace and has none yet. */
export function referenceMoves(keyspace: PlannedKeyspace, moves: readonly PlannedMove[]): PlannedMove[] {
  const { name, homeShard, slotsByShard } = keyspace;
  const referenceShards = keyspace.referenceShards ?? [homeShard, ...slotsByShard.map(({ shard }) => shard)];
  const from = referenceShards.includes(homeShard) ? homeShard : referenceShards[0];
  const targets = [...new Set(moves.map(({ to }) => to))].filter((to) => !referenceShards.includes(to));
  return from === undefined
    ? []
    : targets
        .toSorted((left, right) => left - right)
        .map((to) => ({ keyspace: name, unit: 'Reference', from, to }));
}

function fewestHomes(shards: readonly number[], homes: ReadonlyMap<number, number>): number {
  const [first] = shards.toSorted(
    (left, right) => (homes.get(left) ?? 0) - (homes.get(right) ?? 0) || left - right,
  );
  if (first === undefined) {
    throw new RangeError('a keyspace needs a shard for its unsharded tables');
  }
  return first;
}

function differences(before: readonly number[], after: readonly number[]): number {
  return after.filter((shard, index) => before[index] !== shard).length;
}
