import { describe, expect, it } from '@jest/globals';
import type { ShardMapKeyspace } from '../api/v1alpha1/index.ts';
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

describe('wantedDatabases', () => {
  it('gives a shard its slots and a copy of reference tables, and unsharded tables to their home', () => {
    expect(wantedDatabases([APP], 0).keyspaces).toEqual([
      { keyspace: 'app', databases: ['app_s0000', 'app_s0002', 'app$shared'] },
    ]);
    expect(wantedDatabases([APP], 1).keyspaces).toEqual([
      { keyspace: 'app', databases: ['app_s0001', 'app_s0003', 'app$shared', 'app$single'] },
    ]);
    expect(wantedDatabases([APP], 2).keyspaces).toEqual([{ keyspace: 'app', databases: ['app$shared'] }]);
  });

  it('tells one set from the next, and only by what it says of the shard', () => {
    const { digest } = wantedDatabases([APP], 0);
    const moved = { ...APP, slotsByShard: [{ shard: 1, slots: '0-3' }] };
    expect(wantedDatabases([{ ...APP, consistency: 'Eventual' }], 0).digest).toBe(digest);
    expect(wantedDatabases([moved], 0).digest).not.toBe(digest);
  });

  it('refuses slots that are none', () => {
    const broken = { ...APP, slotsByShard: [{ shard: 0, slots: '3-1' }] };
    expect(() => wantedDatabases([broken], 0)).toThrow(expect.objectContaining({ code: 'InvalidSlotSet' }));
  });
});
