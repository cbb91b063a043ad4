import { describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { aMap } from '../../movers/testing/move-observations.ts';
import { decideCreation } from './decide-creation.ts';
import { aMeasuredShard, anObservation, aRebalance } from './testing/observations.ts';

const TROUBLE = { reason: 'ShardNotReady', message: 'demo-shard-2 is being made.' };
const [keyspace] = aMap().keyspaces ?? [];

function withSlots(...slotsByShard: readonly (readonly [number, string])[]): ShardMapSpec {
  const owners = slotsByShard.map(([shard, slots]) => ({ shard, slots }));
  return aMap({ keyspaces: keyspace === undefined ? [] : [{ ...keyspace, slotsByShard: owners }] });
}

const EVEN = withSlots([0, '0-3'], [1, '6-9'], [2, '4-5,10-11']);

describe('decideCreation', () => {
  it('asks for slots on a shard that has none', () => {
    expect(decideCreation(anObservation())).toEqual({
      name: 'demo-r1',
      spec: { clusterName: 'demo', scale: { shards: 3 }, reason: 'spec.shards is 3' },
    });
  });

  it('asks for the share by weight', () => {
    const spec = { shardWeights: [{ shard: 2, weight: 100 }] };
    const creation = decideCreation(anObservation({ map: withSlots([0, '0-5'], [1, '6-11']), spec }));
    expect(creation?.spec).toMatchObject({ scale: { shards: 3 } });
  });

  it('asks for a shard that is to leave to be emptied', () => {
    const creation = decideCreation(anObservation({ map: EVEN, spec: { shards: 2 } }));
    expect(creation?.spec).toMatchObject({ scale: { shards: 2 } });
  });

  it('asks where only unsharded tables are left on it', () => {
    const map = withSlots([0, '0-5'], [1, '6-11']);
    const home = (map.keyspaces ?? []).map((each) => ({ ...each, homeShard: 2 }));
    expect(
      decideCreation(anObservation({ map: { ...map, keyspaces: home }, spec: { shards: 2 } })),
    ).not.toBeNull();
  });

  it('chooses a name that is free', () => {
    const former = aRebalance({}, { phase: 'Completed' }, { name: 'demo-r7' });
    expect(decideCreation(anObservation({ rebalances: [former] }))?.name).toBe('demo-r8');
  });

  it.each([
    ['every shard has its share', anObservation({ map: EVEN })],
    ['there are no keyspaces', anObservation({ map: aMap({ keyspaces: [] }) })],
    ['the cluster is suspended', anObservation({ spec: { suspend: true } })],
    ['the cluster hibernates', anObservation({ spec: { hibernated: true } })],
    [
      'a shard is not ready',
      anObservation({
        shards: [aMeasuredShard(0), aMeasuredShard(1), aMeasuredShard(2, { trouble: TROUBLE })],
      }),
    ],
    ['a shard is not there', anObservation({ spec: { shards: 4 } })],
    ['one is under way', anObservation({ rebalances: [aRebalance({}, { phase: 'Running' })] })],
    ['one was made just now', anObservation({ rebalances: [aRebalance()] })],
    ['the last one was cancelled', anObservation({ rebalances: [aRebalance({}, { phase: 'Cancelled' })] })],
    ['the last one has failed', anObservation({ rebalances: [aRebalance({}, { phase: 'Failed' })] })],
    [
      'there are fewer slots than shards',
      anObservation({
        map: aMap({
          keyspaces:
            keyspace === undefined
              ? []
              : [{ ...keyspace, slots: 1, slotsByShard: [{ shard: 0, slots: '0' }] }],
        }),
      }),
    ],
    [
      'a shard has no slot by its weight, and others hold more or less than theirs',
      anObservation({
        map: withSlots([0, '0-3'], [1, '4-11']),
        spec: {
          shardWeights: [
            { shard: 0, weight: 100 },
            { shard: 1, weight: 100 },
          ],
        },
      }),
    ],
  ])('asks for nothing when %s', (_, observation) => {
    expect(decideCreation(observation)).toBeNull();
  });

  it('asks again for another number of shards than the one that was cancelled', () => {
    const cancelled = aRebalance({ scale: { shards: 2 } }, { phase: 'Cancelled' });
    expect(decideCreation(anObservation({ rebalances: [cancelled] }))).not.toBeNull();
  });

  it('asks beside a move by hand', () => {
    const hand = aRebalance({ moves: [{ keyspace: 'app', slot: 1, to: 1 }] }, { phase: 'AwaitingApproval' });
    expect(decideCreation(anObservation({ rebalances: [hand] }))).not.toBeNull();
  });
});
