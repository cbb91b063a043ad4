import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import { slotOf } from '../../operator/src/core/keyspace/keyspace-layout.ts';
import { KEYSPACE, SLOTS } from './cluster-objects.ts';

/** Slot of an integer key. */
export function slotOfKey(key: number): number {
  return slotOf({ strategy: 'ConsistentHash', slots: SLOTS }, { kind: 'number', text: String(key) });
}

/** The integers above `least` that belong to a slot, ascending, without end. */
export function* keysOfSlot(slot: number, least: number): Generator<number, never> {
  for (let key = least + 1; ; key += 1) {
    if (slotOfKey(key) === slot) {
      yield key;
    }
  }
}

/** The first integer that belongs to a slot. */
export function firstKeyOf(slot: number): number {
  return keysOfSlot(slot, 0).next().value;
}

/** Database of a slot. */
export function databaseOf(slot: number): string {
  return databaseOfSlot(KEYSPACE, slot);
}
