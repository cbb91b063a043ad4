import { describe, expect, it } from '@jest/globals';
import type { ShardedClusterStatus } from '../../../api/v1alpha1/index.ts';
import { aCluster, aPod, aShard, aShardStatus } from '../testing/builders.ts';
import type { StatusInput } from './status.ts';
import { statusOf } from './status.ts';

const PODS = [0, 1].flatMap((shard) => [0, 1, 2].map((ordinal) => aMember(`demo-shard-${shard}-${ordinal}`)));

function aMember(name: string) {
  return aPod(name, { labels: { 'shardwright.io/role': name.endsWith('-0') ? 'primary' : 'replica' } });
}

function status(change: Partial<StatusInput> = {}): ShardedClusterStatus {
  return statusOf({
    cluster: aCluster(),
    situation: { kind: 'applied', findings: [] },
    shardMap: { revision: 1, shards: [aShard(0), aShard(1)] },
    statefulSets: [],
    pods: PODS,
    reports: {
      instance: () => undefined,
      readTarget: () => undefined,
      evidence: async () => [],
      cluster: () => [],
      shard: () => undefined,
    },
    rebalances: [],
    now: new Date(0),
    ...change,
  });
}

describe('statusOf', () => {
  it('tells each shard with its primary, epoch and instances', () => {
    expect(status().shards).toEqual([aShardStatus(0), aShardStatus(1)]);
    expect(status({ pods: PODS.slice(1) }).shards?.[0]).toEqual(aShardStatus(0, ['demo-shard-0-0']));
  });

  it('tells where slots are, how many each shard holds, and the address of applications', () => {
    const keyspaces = [
      {
        name: 'app',
        homeShard: 0,
        slotsByShard: [
          { shard: 0, slots: '0-2' },
          { shard: 1, slots: '3' },
        ],
      },
    ];
    const shardMap = {
      revision: 1,
      shards: [aShard(0), aShard(1), aShard(2)],
      keyspaces: keyspaces as never,
    };
    const told = status({ cluster: aCluster({ shards: 3, keyspaces: [{ name: 'app' }] }), shardMap });
    expect(told.shards?.map(({ slots }) => slots)).toEqual([3, 1, 0]);
    expect(told.keyspaces).toEqual(keyspaces);
    expect(told.endpoints?.application).toBe('demo.test.svc:3306');
    expect(told.conditions?.find(({ type }) => type === 'Rebalancing')).toMatchObject({
      status: 'False',
      reason: 'ShardsWithoutSlots',
      message: expect.stringContaining('demo-shard-2'),
    });
  });

  it('keeps what it told of slots while the map is not known', () => {
    const cluster = aCluster();
    const keyspaces = [{ name: 'app', homeShard: 0, slotsByShard: [{ shard: 0, slots: '0' }] }];
    cluster.status = { keyspaces };
    expect(status({ cluster, shardMap: undefined }).keyspaces).toEqual(keyspaces);
    expect(status().keyspaces).toBeUndefined();
  });

  it('counts an instance that is going as not healthy', () => {
    const going = structuredClone(PODS);
    Object.assign(going[5]?.metadata ?? {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(status({ pods: going }).shards?.[1]).toEqual(aShardStatus(1, ['demo-shard-1-2']));
  });

  it.each(['shardwright.io/role', 'shardwright.io/shard', 'app.kubernetes.io/component'])(
    'counts a primary that no Service finds for lack of %s as not healthy',
    (label) => {
      const [primary, ...others] = structuredClone(PODS);
      delete primary?.metadata?.labels?.[label];
      const pods = primary === undefined ? [] : [primary, ...others];
      expect(status({ pods }).shards?.[0]).toEqual(aShardStatus(0, ['demo-shard-0-0']));
      expect(status({ pods }).conditions?.[1]).toMatchObject({ type: 'Available', status: 'False' });
    },
  );

  it('sums up, also for shards that do not exist yet', () => {
    expect(status({ cluster: aCluster({ shards: 3 }), pods: PODS.slice(0, 5) }).summary).toEqual({
      shards: '1/3',
      primaries: '2/3',
      lag: 'unknown',
      rebalance: '-',
    });
  });

  it('names addresses that exist', () => {
    expect(status().endpoints).toMatchObject({
      applicationSecret: 'demo-app',
      adminSecret: 'demo-admin',
      shards: [
        { name: 'demo-shard-0', primary: 'demo-shard-0-primary.test.svc:3306' },
        { replicas: 'demo-shard-1-replicas.test.svc:3306' },
      ],
    });
    expect(status().endpoints).not.toHaveProperty('application');
    expect(status({ shardMap: { revision: 1, shards: [] } })).not.toHaveProperty('endpoints');
  });

  it.each([
    ['the map is not known', undefined],
    ['the map lacks shards', { revision: 1, shards: [aShard(1)] }],
  ])('keeps the record of shards when %s', (_, shardMap) => {
    const recorded = { shards: [{ ...aShardStatus(0), epoch: 7 }, aShardStatus(1)] };
    expect(status({ shardMap, cluster: aCluster({}, recorded) }).shards).toEqual(recorded.shards);
  });

  it('waits for no instance that is no longer asked for', () => {
    const input = {
      cluster: aCluster({ instances: 2 }),
      pods: PODS.filter(({ metadata }) => !metadata?.name?.endsWith('-2')),
    };
    const { conditions, summary, shards } = status(input);
    expect(conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
    expect(summary?.shards).toBe('2/2');
    expect(shards?.[0]?.instances).toHaveLength(3);
  });

  it('names pods that run with former settings once the StatefulSet controller has seen the new ones', () => {
    const set = (observedGeneration: number) => ({
      metadata: { name: 'demo-shard-0', generation: 2 },
      status: { replicas: 3, observedGeneration, updateRevision: 'new' },
    });
    const progressing = (observedGeneration: number) =>
      status({ statefulSets: [set(observedGeneration)] }).conditions?.find(
        ({ type }) => type === 'Progressing',
      );
    expect(progressing(1)?.reason).toBe('UpToDate');
    expect(progressing(2)?.reason).toBe('RestartPending');
    expect(progressing(2)?.message).toContain('demo-shard-0-0, demo-shard-0-1, demo-shard-0-2');
  });
});
