/** More shards and instances, fewer of them, and larger volumes. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { persistentVolumeClaims, podDisruptionBudgets, pods, statefulSets } from '../../runtime/resources.ts';
import { shardMaps } from './resource-types.ts';
import { Harness } from './testing/harness.ts';

describe('a controller that is asked for another size', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  it('adds shards and instances, and removes instances but never the primary', async () => {
    await world.readyCluster({ shards: 1 });
    await world.changeSpec({ shards: 2, instances: 4 });
    await world.untilQuiet();
    expect((await world.list(pods)).length).toBe(8);
    expect((await world.get(shardMaps, 'demo'))?.spec.shards.map(({ replicas }) => replicas.length)).toEqual([
      3, 3,
    ]);
    await world.changeSpec({ instances: 2 });
    await world.untilQuiet();
    expect((await world.list(pods)).length).toBe(4);
    expect((await world.get(shardMaps, 'demo'))?.spec.shards.map(({ replicas }) => replicas)).toEqual([
      ['demo-shard-0-1'],
      ['demo-shard-1-1'],
    ]);
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect((await world.list(persistentVolumeClaims)).length).toBe(8);
  });

  it('keeps the instance that is the primary when instances are taken away', async () => {
    await world.readyCluster({ shards: 1 });
    const map = await world.get(shardMaps, 'demo');
    const [shard] = map?.spec.shards ?? [];
    await world.patch(shardMaps, 'demo', {
      spec: {
        revision: 2,
        shards: [
          { ...shard, epoch: 2, primary: 'demo-shard-0-2', replicas: ['demo-shard-0-0', 'demo-shard-0-1'] },
        ],
      },
    });
    await world.changeSpec({ instances: 1 });
    await world.untilQuiet();
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(3);
    expect(await world.condition('Degraded')).toBe('True/PrimaryWouldBeRemoved');
    expect((await world.get(pods, 'demo-shard-0-2'))?.metadata?.labels?.[LABELS.role]).toBe('primary');
  });

  it('removes budgets that a single instance must not have', async () => {
    await world.readyCluster({ shards: 1 });
    await world.changeSpec({ instances: 1 });
    await world.untilQuiet();
    expect(await world.list(podDisruptionBudgets)).toEqual([]);
  });

  it('reports a volume size that cannot be reached and goes on with everything else', async () => {
    await world.readyCluster({ shards: 1, storage: { size: '1Gi' } });
    await world.changeSpec({ storage: { size: '1024Mi' }, instances: 2 });
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('False/AsExpected');
    await world.changeSpec({ storage: { size: '2Gi' } });
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('True/StorageNotGrown');
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(2);
  });

  it('keeps every shard when fewer are asked for', async () => {
    await world.readyCluster();
    await world.changeSpec({ shards: 1 });
    await world.untilQuiet();
    expect(await world.get(statefulSets, 'demo-shard-1')).toBeDefined();
    expect(await world.condition('Degraded')).toBe('True/ScalingInNotSupported');
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  describe('with fewer shards asked for, and keyspaces', () => {
    const keyspaces = [{ name: 'app', slots: 4, defaultKey: 'id' }];

    /** Three shards, of which the last holds nothing: it was added after the keyspace. */
    async function shrink(spec: object = {}): Promise<void> {
      await world.createCluster({ keyspaces, router: { replicas: 0 }, ...spec });
      await world.untilQuiet();
      await world.changeSpec({ shards: 3 });
      await world.untilQuiet();
      expect(await world.get(statefulSets, 'demo-shard-2')).toBeDefined();
      await world.changeSpec({ shards: 2 });
      await world.untilQuiet();
    }

    it('removes a shard that holds nothing, and keeps its volumes', async () => {
      await shrink();
      expect((await world.get(shardMaps, 'demo'))?.spec.shards.map(({ number }) => number)).toEqual([0, 1]);
      const left = (await world.inventory()).filter((name) => name.includes('demo-shard-2'));
      expect(left).toEqual([
        'PersistentVolumeClaim/data-demo-shard-2-0',
        'PersistentVolumeClaim/data-demo-shard-2-1',
        'PersistentVolumeClaim/data-demo-shard-2-2',
      ]);
      const { status } = await world.cluster();
      expect(status?.shards?.map(({ name }) => name)).toEqual(['demo-shard-0', 'demo-shard-1']);
      expect(world.events.map(({ reason }) => reason)).toContain('ShardRemoved');
      expect(await world.condition('Ready')).toBe('True/AllShardsReady');
      expect(await world.condition('Degraded')).toBe('False/AsExpected');
      const before = (await world.get(shardMaps, 'demo'))?.spec.revision;
      await world.untilQuiet();
      expect((await world.get(shardMaps, 'demo'))?.spec.revision).toBe(before);
    });

    it('deletes its volumes where the policy says so', async () => {
      await shrink({ deletionPolicy: 'Delete' });
      await world.untilQuiet();
      expect((await world.inventory()).filter((name) => name.includes('demo-shard-2'))).toEqual([]);
      expect(await world.get(persistentVolumeClaims, 'data-demo-shard-1-0')).toBeDefined();
    });

    it('keeps a shard with slots, and all that belongs to it', async () => {
      await world.createCluster({ keyspaces, router: { replicas: 0 } });
      await world.untilQuiet();
      await world.changeSpec({ shards: 1 });
      await world.untilQuiet();
      expect((await world.get(shardMaps, 'demo'))?.spec.shards).toHaveLength(2);
      expect(await world.get(statefulSets, 'demo-shard-1')).toBeDefined();
      expect(await world.condition('Degraded')).toBe('False/AsExpected');
      expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    });
  });
});
