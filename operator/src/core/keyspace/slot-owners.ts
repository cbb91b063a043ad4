import { readSlotSet } from './slot-set.ts';

/** Which slots a shard holds, as the ShardMap has it. */
export interface ShardSlots {
  readonly shard: number;
  /** Text of the set: `0-63,128`. */
  readonly slots: string;
}

/** Shard of each slot, ready for look-ups; made with {@link readSlotOwners}. */
export interface SlotOwners {
  /** By slot; -1 for a slot that is nowhere. */
  readonly shards: Int16Array;
}

/** A map in which a slot is on two shards, or beyond the keyspace. */
export class SlotOwnersError extends Error {
  readonly code = 'InvalidSlotOwners';
  override readonly name = 'SlotOwnersError';
}

/**
 * Reads where the slots of a keyspace are.
 * @throws SlotSetError, and SlotOwnersError when a slot has two owners or is beyond the keyspace.
 */
export function readSlotOwners(slotsByShard: readonly ShardSlots[], slots: number): SlotOwners {
  const shards = new Int16Array(slots).fill(-1);
  for (const { shard, slots: text } of slotsByShard) {
    for (const slot of readSlotSet(text)) {
      if (shards[slot] !== -1) {
        throw new SlotOwnersError(
          slot < slots
            ? `slot ${slot} is on shard ${shards[slot]} and on shard ${shard}`
            : `slot ${slot} is beyond the ${slots} slots of its keyspace`,
        );
      }
      shards[slot] = shard;
    }
  }
  return { shards };
}

/** Number of the shard that holds a slot; undefined while none does. */
export function shardOf(owners: SlotOwners, slot: number): number | undefined {
  const shard = owners.shards[slot] ?? -1;
  return shard < 0 ? undefined : shard;
}
