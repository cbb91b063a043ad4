import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readSlotSet } from '../../core/keyspace/slot-set.ts';
import { decideKeyspaces, type KeyspacesInput, shardsWithoutSlots } from './decide-keyspaces.ts';
import { aCluster, aShard } from './testing/builders.ts';

type Keyspaces = NonNullable<Parameters<typeof aCluster>[0]>['keyspaces'];
type Users = NonNullable<Parameters<typeof aCluster>[0]>['users'];

function decide(keyspaces: Keyspaces, change: Partial<KeyspacesInput> = {}, users: Users = []) {
  const { spec } = aCluster({ keyspaces: keyspaces ?? [], users: users ?? [] });
  return decideKeyspaces({ spec, current: undefined, recorded: [], shards: [0, 1], ...change });
}

const APP = { name: 'app', slots: 8, defaultKey: 'id' };

describe('decideKeyspaces', () => {
  it('has nothing to say without keyspaces', () => {
    expect(decide([])).toEqual({ keyspaces: [], users: [], findings: [] });
  });

  it('spreads the slots of a new keyspace over all shards, and says all that routers need', () => {
    const { keyspaces } = decide([{ ...APP, tables: [{ name: 'currencies', type: 'Reference' }] }]);
    expect(keyspaces).toEqual([
      {
        name: 'app',
        strategy: 'ConsistentHash',
        placement: 'Balanced',
        slots: 8,
        defaultKey: 'id',
        tables: [{ name: 'currencies', type: 'Reference' }],
        homeShard: 0,
        referenceShards: [0, 1],
        slotsByShard: [
          { shard: 0, slots: '0-3' },
          { shard: 1, slots: '4-7' },
        ],
        transactions: 'Single',
        consistency: 'Strong',
      },
    ]);
  });

  it('gives a shard its share by weight', () => {
    const { spec } = aCluster({ keyspaces: [APP], shardWeights: [{ shard: 1, weight: 3 }] });
    const { keyspaces } = decide([], { spec });
    expect(keyspaces[0]?.slotsByShard).toEqual([
      { shard: 0, slots: '0-1' },
      { shard: 1, slots: '2-7' },
    ]);
  });

  it('places by remainder for strategy Hash', () => {
    const { keyspaces } = decide([{ name: 'app', slots: 5, strategy: 'Hash' }]);
    expect(keyspaces[0]).toMatchObject({
      placement: 'Modulo',
      slotsByShard: [
        { shard: 0, slots: '0,2,4' },
        { shard: 1, slots: '1,3' },
      ],
    });
  });

  it('begins a range keyspace with one slot, at home, or with those it is to be cut into', () => {
    const range = { slots: 16, strategy: 'Range' } as const;
    const { keyspaces } = decide([
      { name: 'a', ...range },
      { name: 'b', ...range },
      { name: 'c', ...range, splitAt: ['100', '200'] },
    ]);
    expect(keyspaces.map(({ homeShard, slotsByShard }) => [homeShard, slotsByShard])).toEqual([
      [0, [{ shard: 0, slots: '0' }]],
      [1, [{ shard: 1, slots: '0' }]],
      [
        0,
        [
          { shard: 0, slots: '0-1' },
          { shard: 1, slots: '2' },
        ],
      ],
    ]);
    expect(keyspaces[2]?.ranges).toEqual([{ slot: 0 }, { slot: 1, from: '100' }, { slot: 2, from: '200' }]);
  });

  it('leaves a keyspace out, and says why, whose cuts cannot be used', () => {
    const { keyspaces, findings } = decide([
      { name: 'app', strategy: 'Range', splitAt: ['b', 'a'] },
      { name: 'blog', slots: 1 },
    ]);
    expect(keyspaces.map(({ name }) => name)).toEqual(['blog']);
    expect(findings).toEqual([
      { reason: 'InvalidSpec', message: expect.stringContaining('The keyspace app cannot be made') },
    ]);
  });

  it('moves nothing when shards are added, and gives a keyspace that is new then to all of them', () => {
    const before = decide([APP]).keyspaces;
    const { keyspaces } = decide([{ ...APP }, { name: 'blog', slots: 3 }], {
      current: { keyspaces: [...before] },
      shards: [0, 1, 2],
    });
    expect(keyspaces[0]).toEqual(before[0]);
    expect(keyspaces[1]).toMatchObject({
      homeShard: 1,
      referenceShards: [0, 1, 2],
      slotsByShard: [
        { shard: 0, slots: '0' },
        { shard: 1, slots: '1' },
        { shard: 2, slots: '2' },
      ],
    });
  });

  it('takes over what the spec may change, and leaves where the slots are', () => {
    const moved = decide([APP]).keyspaces.map((before) => ({
      ...before,
      slotsByShard: [{ shard: 1, slots: '0-7' }],
    }));
    const tables = [{ name: 'orders', key: 'customer' }];
    const changed = { ...APP, tables, transactions: 'Multi', consistency: 'Eventual' } as const;
    expect(decide([changed], { current: { keyspaces: moved } }).keyspaces).toEqual(
      moved.map((before) => ({ ...before, tables, transactions: 'Multi', consistency: 'Eventual' })),
    );
  });

  it('finds the slots of a lost map where the status says they were', () => {
    const recorded = [
      { name: 'app', homeShard: 1, referenceShards: [0, 1], slotsByShard: [{ shard: 1, slots: '0-7' }] },
    ];
    expect(decide([APP], { recorded, shards: [0, 1, 2] }).keyspaces).toMatchObject(recorded);
  });

  it('keeps a keyspace that the spec has lost', () => {
    const current = { keyspaces: [...decide([APP]).keyspaces] };
    expect(decide([], { current }).keyspaces).toEqual(current.keyspaces);
  });

  it('names the users for whom other defaults hold, and those only', () => {
    const passwordSecretKeyRef = { name: 'secret' };
    const { users } = decide([APP], {}, [
      { name: 'web', passwordSecretKeyRef, transactions: 'Multi', consistency: 'Eventual' },
      { name: 'plain', passwordSecretKeyRef },
    ]);
    expect(users).toEqual([{ name: 'web', transactions: 'Multi', consistency: 'Eventual' }]);
  });

  it('puts every slot on exactly one shard that is there, whatever the strategy', () => {
    const strategies = fc.constantFrom('ConsistentHash', 'Hash', 'Range' as const);
    fc.assert(
      fc.property(
        strategies,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 9 }),
        (strategy, slots, count) => {
          const shards = Array.from({ length: count }, (_, number) => number);
          const { keyspaces } = decide([{ name: 'app', slots, strategy }], { shards });
          const placed = keyspaces[0]?.slotsByShard.flatMap(({ shard, slots: text }) => {
            expect(shards).toContain(shard);
            return readSlotSet(text);
          });
          const expected = strategy === 'Range' ? 1 : slots;
          expect(placed?.toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: expected }, (_, slot) => slot),
          );
        },
      ),
    );
  });
});

describe('shardsWithoutSlots', () => {
  it('names shards that hold no slot of any keyspace, where there are keyspaces', () => {
    const shards = [aShard(0), aShard(1), aShard(2)];
    const keyspaces = [...decide([APP]).keyspaces];
    expect(shardsWithoutSlots({ revision: 1, shards, keyspaces })).toEqual({
      names: ['demo-shard-2'],
      slotsSuffice: true,
    });
    expect(shardsWithoutSlots({ revision: 1, shards: shards.slice(0, 2), keyspaces })).toBeNull();
    expect(shardsWithoutSlots({ revision: 1, shards })).toBeNull();
  });

  it.each([
    ['two slots', { ...APP, slots: 2 }],
    ['one interval, of many that there may be', { ...APP, slots: 8, strategy: 'Range' as const }],
  ])('tells that %s cannot fill three shards', (_, keyspace) => {
    const shards = [aShard(0), aShard(1), aShard(2)];
    const keyspaces = [...decide([keyspace], { shards: [0, 1, 2] }).keyspaces];
    expect(shardsWithoutSlots({ revision: 1, shards, keyspaces })).toMatchObject({ slotsSuffice: false });
  });
});
