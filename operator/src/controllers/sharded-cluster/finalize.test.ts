import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLEANUP_FINALIZER } from '../../api/v1alpha1/index.ts';
import { persistentVolumeClaims, secrets, services, statefulSets } from '../../runtime/resources.ts';
import { secretValue } from './credentials.ts';
import { shardedClusters, shardMaps } from './resource-types.ts';
import { Harness, MEMBER_TYPES } from './testing/harness.ts';

describe('deletion of a cluster', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  /** What garbage collection does once the cluster is gone. */
  async function collectGarbage(): Promise<void> {
    for (const type of MEMBER_TYPES) {
      for (const object of await world.list(type)) {
        if ((object.metadata?.ownerReferences ?? []).length > 0) {
          await world.delete(type, object.metadata?.name ?? '');
        }
      }
    }
    await world.untilQuiet();
  }

  async function password(): Promise<string | undefined> {
    return secretValue((await world.get(secrets, 'demo-app'))?.data, 'password');
  }

  it('keeps volumes, Secrets and the map under Retain, and a new cluster of the name takes them up', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    const [before] = (await world.get(shardMaps, 'demo'))?.spec.shards ?? [];
    await world.patch(shardMaps, 'demo', {
      spec: {
        revision: 2,
        shards: [
          { ...before, epoch: 5, primary: 'demo-shard-0-1', replicas: ['demo-shard-0-0', 'demo-shard-0-2'] },
        ],
      },
    });
    await world.untilQuiet();
    const secret = await password();

    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
    expect(world.events.at(-1)?.reason).toBe('VolumesRetained');
    await collectGarbage();
    expect(await world.inventory()).toEqual([
      'PersistentVolumeClaim/data-demo-shard-0-0',
      'PersistentVolumeClaim/data-demo-shard-0-1',
      'PersistentVolumeClaim/data-demo-shard-0-2',
      'Secret/demo-admin',
      'Secret/demo-app',
      'Secret/demo-internal',
      'ShardMap/demo',
    ]);

    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect(await password()).toBe(secret);
    expect((await world.get(shardMaps, 'demo'))?.spec.shards[0]).toMatchObject({
      epoch: 5,
      primary: 'demo-shard-0-1',
    });
  });

  it('refuses to guess a primary for retained volumes whose map is gone', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    await collectGarbage();
    await world.delete(shardMaps, 'demo');
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/ShardMapMissing');
    expect(await world.get(statefulSets, 'demo-shard-0')).toBeUndefined();

    await world.create(shardMaps, {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardMap',
      metadata: { name: 'demo', namespace: 'test' },
      spec: {
        revision: 9,
        shards: [
          {
            number: 0,
            name: 'demo-shard-0',
            epoch: 7,
            primary: 'demo-shard-0-2',
            replicas: [],
            ackers: [],
            initialised: true,
            acknowledgement: 'None',
          },
        ],
      },
    });
    await world.clock.advance(31_000);
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect((await world.get(shardMaps, 'demo'))?.spec.shards[0]).toMatchObject({
      epoch: 7,
      primary: 'demo-shard-0-2',
    });
  });

  it('deletes volumes under Delete, and leaves the rest to garbage collection', async () => {
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.changeSpec({ instances: 2 });
    await world.untilQuiet();
    expect((await world.list(persistentVolumeClaims)).length).toBe(3);
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect(await world.list(persistentVolumeClaims)).toEqual([]);
    expect(world.events.at(-1)?.reason).toBe('VolumesDeleted');
    await collectGarbage();
    expect(await world.inventory()).toEqual([]);
  });

  it('keeps data when the policy was changed to Retain at the last moment', async () => {
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.patch(persistentVolumeClaims, 'data-demo-shard-0-0', {
      metadata: {
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'demo-shard-0', uid: 'x' }],
      },
    });
    await world.stop();
    await world.changeSpec({ deletionPolicy: 'Retain' });
    await world.delete(shardedClusters, 'demo');
    world.start();
    await world.untilQuiet();
    const policy = (await world.get(statefulSets, 'demo-shard-0'))?.spec
      ?.persistentVolumeClaimRetentionPolicy;
    expect(policy?.whenDeleted).toBe('Retain');
    expect(await world.get(shardedClusters, 'demo')).toBeDefined();
    await world.clock.advance(40_000);
    await world.untilQuiet();
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
    await collectGarbage();
    expect((await world.list(persistentVolumeClaims)).length).toBe(3);
    expect(await password()).toBeDefined();
    expect(await world.get(shardMaps, 'demo')).toBeDefined();
  });

  it('keeps everything when deleted with --cascade=orphan, whatever the policy', async () => {
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.patch(shardedClusters, 'demo', { metadata: { finalizers: [CLEANUP_FINALIZER, 'orphan'] } });
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect((await world.cluster()).metadata.finalizers).toEqual(['orphan']);
    expect((await world.list(persistentVolumeClaims)).length).toBe(3);
    expect(await world.get(statefulSets, 'demo-shard-0')).toBeDefined();
  });

  it('waits for objects of a former cluster of the same name', async () => {
    await world.create(services, {
      metadata: {
        name: 'demo-shard-0',
        namespace: 'test',
        labels: { 'shardwright.io/cluster': 'demo' },
        ownerReferences: [
          {
            apiVersion: 'shardwright.io/v1alpha1',
            kind: 'ShardedCluster',
            name: 'demo',
            uid: 'former',
            controller: true,
          },
        ],
      },
    });
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/FormerClusterRemaining');
    expect(await world.list(statefulSets)).toEqual([]);
    await world.delete(services, 'demo-shard-0');
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  it('finishes the deletion of a suspended cluster', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    await world.changeSpec({ suspend: true });
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
  });
});
