import { describe, expect, it } from '@jest/globals';
import type { ShardMapKeyspace, ShardMapMove } from '../api/v1alpha1/index.ts';
import { aMove } from '../api/v1alpha1/testing/moves.ts';
import { wantedDatabases } from './wanted-databases.ts';

const APP: ShardMapKeyspace = {
  name: 'app',
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: 4,
  tables: [],
  homeShard: 1,
  slotsByShard: [
    { shard: 0, slots: '0,2' },
    { shard: 1, slots: '1,3' },
  ],
  transactions: 'Single',
  consistency: 'Strong',
};

const MOVE = aMove('Copying', { slot: 2, to: 1 });

const aMap = (keyspace: Partial<ShardMapKeyspace> = {}, ...moves: readonly ShardMapMove[]) => ({
  revision: 7,
  keyspaces: [{ ...APP, ...keyspace }],
  moves: [...moves],
});

describe('wantedDatabases', () => {
  it('gives a shard its slots and a copy of reference tables, and unsharded tables to their home', () => {
    expect(wantedDatabases(aMap(), 0)).toMatchObject({
      revision: 7,
      wanted: [{ keyspace: 'app', databases: ['app_s0000', 'app_s0002', 'app$shared'] }],
      untouched: [],
    });
    expect(wantedDatabases(aMap(), 1).wanted).toEqual([
      { keyspace: 'app', databases: ['app_s0001', 'app_s0003', 'app$shared', 'app$single'] },
    ]);
  });

  it('gives reference tables to the shards that the map names, whether or not these hold slots', () => {
    expect(wantedDatabases(aMap(), 2).wanted).toEqual([{ keyspace: 'app', databases: [] }]);
    const map = aMap({ referenceShards: [1, 2] });
    expect(wantedDatabases(map, 0).wanted[0]?.databases).toEqual(['app_s0000', 'app_s0002']);
    expect(wantedDatabases(map, 2).wanted[0]?.databases).toEqual(['app$shared']);
  });

  it('leaves a slot that is split, and its parts, to whoever switches them', () => {
    const split = { ...MOVE, to: 0, split: { at: '5', lower: 7, upper: 8 } };
    for (const phase of ['Switching', 'Returning'] as const) {
      const { untouched } = wantedDatabases(aMap({}, { ...split, phase }), 0);
      expect(untouched).toEqual(['app_s0002', 'app_s0007', 'app_s0008']);
    }
    expect(wantedDatabases(aMap({}, { ...split, phase: 'Soaking' }), 0).untouched).toEqual([]);
  });

  it('leaves what is being switched to whoever switches it, on both shards and on no other', () => {
    const map = aMap({}, { ...MOVE, phase: 'Switching' }, { ...MOVE, id: 'grow-2', slot: 0 });
    expect(wantedDatabases(map, 0).untouched).toEqual(['app_s0002']);
    expect(wantedDatabases(map, 1).untouched).toEqual(['app_s0002']);
    expect(wantedDatabases(map, 2).untouched).toEqual([]);
  });

  it('tells one set from the next, and only by what it says of the shard', () => {
    const { digest } = wantedDatabases(aMap(), 0);
    const moved = { slotsByShard: [{ shard: 1, slots: '0-3' }] };
    expect(wantedDatabases(aMap({ consistency: 'Eventual' }), 0).digest).toBe(digest);
    expect(wantedDatabases({ ...aMap(), revision: 8 }, 0).digest).toBe(digest);
    expect(wantedDatabases(aMap(moved), 0).digest).not.toBe(digest);
  });

  it('tells one attempt to switch from the next, since a fence of the former may stand', () => {
    const digests = [1, 2].map((attempt) => wantedDatabases(aMap({}, { ...MOVE, attempt }), 0).digest);
    expect(new Set(digests).size).toBe(2);
    expect(wantedDatabases(aMap({}, MOVE), 2).digest).toBe(wantedDatabases(aMap(), 2).digest);
  });

  it('refuses slots that are none', () => {
    const broken = aMap({ slotsByShard: [{ shard: 0, slots: '3-1' }] });
    expect(() => wantedDatabases(broken, 0)).toThrow(expect.objectContaining({ code: 'InvalidSlotSet' }));
  });
});
