import { describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { aMove } from '../../api/v1alpha1/testing/moves.ts';
import { CurrentTopology, locate, noShard } from './topology.ts';

const MAP: ShardMapSpec = {
  revision: 1,
  shards: [0, 1, 2].map((number) => ({
    number,
    name: `demo-shard-${number}`,
    epoch: 1,
    primary: `demo-shard-${number}-0`,
    replicas: [],
    ackers: [],
    initialised: true,
    acknowledgement: 'None',
  })),
  keyspaces: [
    {
      name: 'app',
      strategy: 'Hash',
      placement: 'Balanced',
      slots: 4,
      tables: [],
      homeShard: 1,
      slotsByShard: [
        { shard: 0, slots: '0-1' },
        { shard: 1, slots: '2-3' },
      ],
      transactions: 'Single',
      consistency: 'Strong',
    },
  ],
};

function take(...maps: readonly ShardMapSpec[]): CurrentTopology {
  const topology = new CurrentTopology((_shard, pod) => ({ host: pod, port: 3306, serverName: pod }));
  maps.forEach((map) => topology.take(map));
  return topology;
}

const withKeyspace = (change: Partial<NonNullable<ShardMapSpec['keyspaces']>[number]>): ShardMapSpec => ({
  ...MAP,
  keyspaces: (MAP.keyspaces ?? []).map((keyspace) => ({ ...keyspace, ...change })),
});

describe('reference tables', () => {
  it('are on the shards that the map names', () => {
    const { current } = take(withKeyspace({ referenceShards: [2, 0, 1] }));
    expect(current?.places.get('app')?.referenceShards).toEqual([0, 1, 2]);
  });

  it('are where slots or the home are, where the map says nothing', () => {
    expect(take(MAP).current?.places.get('app')?.referenceShards).toEqual([0, 1]);
  });

  it('are read on a shard that has them', () => {
    const { current } = take(MAP);
    if (current === undefined) {
      throw new Error('the map was not taken');
    }
    const asked: (readonly number[])[] = [];
    const place = { kind: 'shared', keyspace: 'app', shard: null } as const;
    const preferred = (among: readonly number[]): number | undefined => {
      asked.push(among);
      return among[0];
    };
    expect(locate(current, place, preferred)).toEqual({ shard: 0, database: 'app$shared' });
    expect(locate(current, place, noShard)).toEqual({ shard: 1, database: 'app$shared' });
    expect(asked).toEqual([[0, 1]]);
  });
});

describe('what plans are kept with', () => {
  it('stays when only a move goes on, and goes with its flip', () => {
    const topology = take(MAP);
    const first = topology.current?.keyspaces;
    topology.take({ ...withKeyspace({}), revision: 2, moves: [aMove('Copying', { slot: 0 })] });
    expect(topology.current?.keyspaces).toBe(first);
    expect(topology.current?.moves.get('app_s0000')).toMatchObject([{ phase: 'Copying' }]);
    const slotsByShard = [
      { shard: 0, slots: '1' },
      { shard: 1, slots: '2-3' },
      { shard: 2, slots: '0' },
    ];
    topology.take({ ...withKeyspace({ slotsByShard }), revision: 3 });
    expect(topology.current?.keyspaces).not.toBe(first);
  });
});
