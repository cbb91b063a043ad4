/** How evenly keys lie over shards, and how many move when shards are added: ours and the rings of npm. */
import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import { type KeyspaceLayout, slotOf } from '../../../operator/src/core/keyspace/keyspace-layout.ts';
import { placeSlots, type PlacementName } from '../../../operator/src/core/keyspace/placement/place-slots.ts';
import type { Placement } from '../../../operator/src/core/keyspace/placement/placement.ts';

/** Slots of the keyspaces. */
export const SLOTS = 256;

/** Shards at first, and of the keyspaces that grow from there. */
const BEFORE = 4;

/** What becomes of keys when there are more shards than before. */
export interface Growth {
  /** Keys of the shard with the most, in per cent of an even share. */
  readonly fullest: number;
  /** Keys that went to another shard, in per cent of all. */
  readonly moved: number;
}

/** A way of spreading keys over shards, one of which is added with each call of `grow`. */
interface Spreader {
  grow(): void;
  /** Number of the shard of the n-th key. */
  shardOf(index: number): number;
}

/** All that are compared. */
export const SPREADERS: Readonly<Record<string, (keys: readonly string[]) => Spreader>> = {
  Balanced: (keys) => slotSpreader(keys, 'ConsistentHash', 'Balanced'),
  VirtualNodes: (keys) => slotSpreader(keys, 'ConsistentHash', 'VirtualNodes'),
  Modulo: (keys) => slotSpreader(keys, 'Hash', 'Modulo'),
  hashring: (keys) => ringSpreader(keys, new HashRing([])),
  'consistent-hash': (keys) => ringSpreader(keys, new ConsistentHash()),
};

/** Grows from four shards to each of `counts`, ascending, one shard at a time. */
export function measureGrowth(
  spreader: Spreader,
  keys: readonly string[],
  counts: readonly number[],
): readonly Growth[] {
  const shardsOf = (): number[] => keys.map((_key, index) => spreader.shardOf(index));
  let shards = 0;
  const growTo = (count: number): void => {
    for (; shards < count; shards += 1) {
      spreader.grow();
    }
  };
  growTo(BEFORE);
  const before = shardsOf();
  return counts.map((count) => {
    growTo(count);
    const after = shardsOf();
    const moved = after.filter((shard, index) => shard !== before[index]).length;
    return { fullest: fullest(after, count), moved: (moved / keys.length) * 100 };
  });
}

function fullest(shardOfKey: readonly number[], shards: number): number {
  const counts = Array.from({ length: shards }, () => 0);
  for (const shard of shardOfKey) {
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  return (Math.max(...counts) / (shardOfKey.length / shards)) * 100;
}

function slotSpreader(
  keys: readonly string[],
  strategy: 'ConsistentHash' | 'Hash',
  placement: PlacementName,
): Spreader {
  const layout: KeyspaceLayout = { strategy, slots: SLOTS };
  const slots = keys.map((text) => slotOf(layout, { kind: 'number', text }));
  let shards: { number: number }[] = [];
  let current: Placement = [];
  return {
    grow() {
      shards = [...shards, { number: shards.length }];
      current = placeSlots(placement, { slots: SLOTS, shards, current });
    },
    shardOf: (index) => current[slots[index] ?? -1] ?? -1,
  };
}

function ringSpreader(
  keys: readonly string[],
  ring: { add(node: string): unknown; get(key: string): string },
): Spreader {
  let shards = 0;
  return {
    grow() {
      ring.add(`shard-${shards}`);
      shards += 1;
    },
    shardOf: (index) => Number(ring.get(keys[index] ?? '').slice('shard-'.length)),
  };
}
