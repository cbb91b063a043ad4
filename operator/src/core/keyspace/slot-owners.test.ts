import { describe, expect, it } from '@jest/globals';
import { readSlotOwners, shardOf } from './slot-owners.ts';

describe('readSlotOwners', () => {
  const owners = readSlotOwners(
    [
      { shard: 0, slots: '0-1,6' },
      { shard: 3, slots: '2-4' },
      { shard: 1, slots: '' },
    ],
    8,
  );

  it.each([
    [0, 0],
    [1, 0],
    [2, 3],
    [4, 3],
    [5, undefined],
    [6, 0],
    [7, undefined],
    [8, undefined],
    [-1, undefined],
  ])('knows of slot %i that it is on shard %p', (slot, shard) => expect(shardOf(owners, slot)).toBe(shard));

  it('refuses a slot that is on two shards', () => {
    const slotsByShard = [
      { shard: 0, slots: '0-3' },
      { shard: 1, slots: '3-7' },
    ];
    expect(() => readSlotOwners(slotsByShard, 8)).toThrow('slot 3 is on shard 0 and on shard 1');
  });

  it('refuses a slot beyond the keyspace', () => {
    expect(() => readSlotOwners([{ shard: 0, slots: '0-8' }], 8)).toThrow(
      expect.objectContaining({
        code: 'InvalidSlotOwners',
        message: 'slot 8 is beyond the 8 slots of its keyspace',
      }),
    );
  });
});
