import { describe, expect, it } from '@jest/globals';
import type { DatabaseHoldings } from './evidence.ts';
import { type KeyspaceQuestion, settleKeyspace } from './settle-keyspace.ts';

const NOTHING: DatabaseHoldings = { served: [], closed: [], missing: [], fences: [], moves: [] };
const QUESTION: KeyspaceQuestion = {
  name: 'app',
  slots: 4,
  known: {
    homeShard: 0,
    referenceShards: [0, 1],
    slotsByShard: [
      { shard: 0, slots: '0-1' },
      { shard: 1, slots: '2-3' },
    ],
  },
  isRecorded: true,
  planned: null,
};
/** No rebalance is under way. */
const STILL = { planned: new Map<string, number | null>() };
const SHARD_0 = { ...NOTHING, served: ['app_s0000', 'app_s0001', 'app$shared', 'app$single', 'other_s0002'] };
const SHARD_1 = { ...NOTHING, served: ['app_s0002', 'app_s0003', 'app$shared'] };

function settle(
  holdings: readonly DatabaseHoldings[],
  question: Partial<KeyspaceQuestion> = {},
  decided: Readonly<Record<string, number>> = {},
) {
  return settleKeyspace(
    { ...QUESTION, ...question },
    holdings.map((each, number) => ({ number, holdings: each })),
    new Map(Object.entries(decided)),
  );
}

describe('settleKeyspace', () => {
  it('finds everything where users have rights, as the map had it', () => {
    expect(settle([SHARD_0, SHARD_1])).toEqual({
      places: { name: 'app', ...QUESTION.known },
      unsettled: [],
      kept: [],
      leftovers: [],
      moved: [],
    });
  });

  it('believes the databases before the status', () => {
    const [first, second] = [
      { ...SHARD_0, served: ['app_s0000', 'app$shared'], closed: ['app$single'] },
      { ...SHARD_1, served: [...SHARD_1.served, 'app_s0001', 'app$single'] },
    ];
    expect(settle([first, second])).toMatchObject({
      places: {
        homeShard: 1,
        slotsByShard: [
          { shard: 0, slots: '0' },
          { shard: 1, slots: '1-3' },
        ],
      },
      moved: [{ slot: 1, from: 0, to: 1 }],
      // Nothing is recorded of a move that made it: it may be somebody's.
      leftovers: [],
    });
  });

  it('has copies removed that a move has left, and no others', () => {
    const source = {
      ...SHARD_0,
      served: ['app_s0001', 'app$shared', 'app$single'],
      closed: ['app_s0000', 'app_s0002'],
      fences: [{ database: 'app_s0000', revision: 8 }],
      moves: [{ id: 'm', database: 'app_s0000' }],
    };
    const target = {
      ...SHARD_1,
      served: [...SHARD_1.served, 'app_s0000'],
      moves: [{ id: 'm', database: 'app_s0000' }],
    };
    const newcomer = {
      ...NOTHING,
      closed: ['app_s0003', 'app$shared'],
      moves: [
        { id: 'n', database: 'app_s0003' },
        { id: 'o', database: 'app$shared' },
      ],
    };
    const { leftovers, places } = settle([source, target, newcomer]);
    expect(places).toMatchObject({
      referenceShards: [0, 1],
      slotsByShard: [
        { shard: 0, slots: '1' },
        { shard: 1, slots: '0,2-3' },
      ],
    });
    expect(leftovers).toEqual([
      { keyspace: 'app', unit: 'Slot', slot: 0, owner: 1, shard: 0 },
      { keyspace: 'app', unit: 'Slot', slot: 3, owner: 1, shard: 2 },
      { keyspace: 'app', unit: 'Reference', owner: 0, shard: 2 },
    ]);
  });

  it('takes what is nowhere from the status: nothing can be lost', () => {
    const bare = { ...SHARD_1, served: ['app_s0003'] };
    expect(settle([SHARD_0, bare]).places).toEqual({ name: 'app', ...QUESTION.known });
  });

  it('counts a shard whose reference tables are being copied from', () => {
    const copied = {
      ...SHARD_0,
      served: ['app_s0000', 'app_s0001', 'app$single'],
      closed: ['app$shared'],
      fences: [{ database: 'app$shared', revision: 3 }],
    };
    const known = { ...QUESTION.known, referenceShards: [] };
    expect(settle([copied, SHARD_1], { known }).places.referenceShards).toEqual([0, 1]);
  });

  describe('with a slot that two shards serve', () => {
    const second = { ...SHARD_1, served: [...SHARD_1.served, 'app_s0001'] };

    it('names it, with both', () => {
      expect(settle([SHARD_0, second]).unsettled).toEqual([
        {
          keyspace: 'app',
          database: 'app_s0001',
          shards: [0, 1],
          because: expect.stringContaining('each of them'),
        },
      ]);
    });

    it('takes the word of a person', () => {
      const { unsettled, places } = settle([SHARD_0, second], {}, { app_s0001: 1 });
      expect(unsettled).toEqual([]);
      expect(places.slotsByShard).toEqual([
        { shard: 0, slots: '0' },
        { shard: 1, slots: '1-3' },
      ]);
    });

    it('leaves it where the map had it, where nothing has moved', () => {
      expect(settle([SHARD_0, second], STILL)).toEqual({
        places: { name: 'app', ...QUESTION.known },
        unsettled: [],
        kept: [{ database: 'app_s0001', shard: 0, by: 'status' }],
        leftovers: [],
        moved: [],
      });
    });

    it('leaves it there where slots were moving, and not this one', () => {
      const planned = new Map([['app_s0000', 0]]);
      expect(settle([SHARD_0, second], { planned })).toMatchObject({
        unsettled: [],
        kept: [{ database: 'app_s0001', shard: 0, by: 'status' }],
      });
    });

    it.each<[string, Partial<KeyspaceQuestion>]>([
      ['it is split', { planned: new Map([['app_s0001', null]]) }],
      ['no map ever had it', { ...STILL, isRecorded: false }],
    ])('leaves it to a person where %s', (_, question) => {
      expect(settle([SHARD_0, second], question).unsettled).toMatchObject([{ database: 'app_s0001' }]);
    });

    it('goes by the records of its planned move, and tells so', () => {
      const planned = new Map([['app_s0001', 1]]);
      expect(settle([SHARD_0, second], { planned })).toMatchObject({
        places: {
          slotsByShard: [
            { shard: 0, slots: '0' },
            { shard: 1, slots: '1-3' },
          ],
        },
        unsettled: [],
        kept: [{ database: 'app_s0001', shard: 1, by: 'records' }],
        // Users have rights on it: nothing of it is removed.
        leftovers: [],
      });
    });

    it('tells a person what there is to go by', () => {
      const fenced = { ...second, fences: [{ database: 'app_s0001', revision: 8 }] };
      const [found] = settle([SHARD_0, fenced]).unsettled;
      expect(found?.because).toBe(
        'users have rights on it in each of them: on shard 0 it is there, users have rights; ' +
          'on shard 1 it is there, users have rights, fenced by revision 8',
      );
    });

    it('takes the word of a person before that', () => {
      const { kept, places } = settle([SHARD_0, second], STILL, { app_s0001: 1 });
      expect(kept).toEqual([]);
      expect(places.slotsByShard).toContainEqual({ shard: 1, slots: '1-3' });
    });

    it.each<[string, Partial<DatabaseHoldings>]>([
      ['a move', { moves: [{ id: 'm', database: 'app_s0001' }] }],
      ['a switch', { fences: [{ database: 'app_s0001', revision: 8 }] }],
    ])('leaves it to a person where a server has a record of %s', (_, record) => {
      const { unsettled } = settle([SHARD_0, { ...second, ...record }], STILL);
      expect(unsettled).toMatchObject([{ database: 'app_s0001', shards: [0, 1] }]);
    });

    it('leaves it to a person where it is not on the shard that had it', () => {
      const first = { ...SHARD_0, served: ['app_s0000'], missing: ['app_s0001'] };
      const { unsettled } = settle([first, second], STILL);
      expect(unsettled).toMatchObject([{ database: 'app_s0001', shards: [0, 1] }]);
    });

    it('takes no word for a shard that has nothing of it, nor for a slot that is certain', () => {
      expect(settle([SHARD_0, second, NOTHING], {}, { app_s0001: 2 }).unsettled).toHaveLength(1);
      expect(settle([SHARD_0, SHARD_1], {}, { app_s0001: 1 }).places.slotsByShard).toEqual(
        QUESTION.known.slotsByShard,
      );
    });
  });

  it('serves no slot of a keyspace cut by ranges whose range nobody knows', () => {
    const known = {
      ...QUESTION.known,
      slotsByShard: [{ shard: 0, slots: '0' }],
      ranges: [{ slot: 0 }],
    };
    const split = {
      ...NOTHING,
      closed: ['app_s0000'],
      served: ['app_s0001', 'app_s0002', 'app$shared', 'app$single'],
    };
    expect(settle([split], { known }).unsettled.map(({ database }) => database)).toEqual([
      'app_s0001',
      'app_s0002',
    ]);
    const copying = { ...SHARD_0, served: ['app_s0000', 'app$shared', 'app$single'], closed: ['app_s0001'] };
    expect(settle([copying], { known })).toMatchObject({ unsettled: [], places: { ranges: known.ranges } });
  });
});
