/** What each way of placing slots does for every number of shards up to 64: ours, the ring of npm's hashring, and jump hash. */
import HashRing from 'hashring';
import { hashKey } from '../../../operator/src/core/keyspace/key-hash.ts';
import { placeSlots, type PlacementName } from '../../../operator/src/core/keyspace/placement/place-slots.ts';
import type { Placement } from '../../../operator/src/core/keyspace/placement/placement.ts';
import { jumpHash } from './jump-hash.ts';

/** Slots that are placed: so many that a ring is not uneven for lack of them. */
export const SPREAD_SLOTS = 4096;

/** Most shards. */
export const MOST_SHARDS = 64;

/** Where slots are with so many shards, the former placement being known. */
type Place = (shards: number, current: Placement) => Placement;

/** What is worst of a way of placing slots, over all numbers of shards. */
export interface Spread {
  /** Slots that one more shard moves, divided by the fewest that it takes, ⌊slots / (shards + 1)⌋. */
  readonly moved: number;
  /** Slots of the fullest shard, divided by the mean. */
  readonly fullest: number;
  /** The same, divided by 1 + shards / slots. */
  readonly fullestOfBound: number;
}

/** All that are compared. */
export const PLACES: Readonly<Record<string, Place>> = {
  Balanced: ours('Balanced'),
  VirtualNodes: ours('VirtualNodes'),
  Modulo: ours('Modulo'),
  'jump hash': (shards) => eachSlot((slot) => jumpHash(BigInt(hashOf(slot)), shards)),
  hashring: (shards) => {
    const ring = new HashRing(Array.from({ length: shards }, (_, shard) => `shard-${shard}`));
    return eachSlot((slot) => Number(ring.get(`slot-${slot}`).slice('shard-'.length)));
  },
};

/** Adds shards one by one, from one to {@link MOST_SHARDS}. */
export function measureSpread(place: Place): Spread {
  let current: Placement = [];
  let [moved, most, mostOfBound] = [0, 0, 0];
  for (let shards = 1; shards <= MOST_SHARDS; shards += 1) {
    const next = place(shards, current);
    if (shards > 1) {
      const count = next.filter((shard, slot) => shard !== current[slot]).length;
      moved = Math.max(moved, count / Math.floor(SPREAD_SLOTS / shards));
    }
    const fullest = fullestOf(next, shards);
    most = Math.max(most, fullest);
    mostOfBound = Math.max(mostOfBound, fullest / (1 + shards / SPREAD_SLOTS));
    current = next;
  }
  return { moved, fullest: most, fullestOfBound: mostOfBound };
}

function ours(name: PlacementName): Place {
  return (count, current) =>
    placeSlots(name, {
      slots: SPREAD_SLOTS,
      shards: Array.from({ length: count }, (_, number) => ({ number })),
      current,
    });
}

function eachSlot(place: (slot: number) => number): Placement {
  return Array.from({ length: SPREAD_SLOTS }, (_, slot) => place(slot));
}

function hashOf(slot: number): number {
  return hashKey({ kind: 'number', text: String(slot) });
}

function fullestOf(placement: Placement, shards: number): number {
  const counts = Array.from({ length: shards }, () => 0);
  for (const shard of placement) {
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  return Math.max(...counts) / (SPREAD_SLOTS / shards);
}
