import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLEANUP_FINALIZER } from '../../api/v1alpha1/index.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import {
  persistentVolumeClaims,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../runtime/resources.ts';
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

  it.each(['suspended', 'at work'])(
    'keeps data when the policy is changed to Retain at the last moment, %s, and nothing of it was ever owned',
    async (how) => {
      await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
      await world.untilQuiet();
      const before = await password();
      if (how === 'suspended') {
        await world.changeSpec({ suspend: true });
        await world.untilQuiet();
      }
      await world.stop();
      await world.changeSpec({ deletionPolicy: 'Retain' });
      await world.delete(shardedClusters, 'demo');
      // What a deletion in the foreground does before the operator has seen it.
      await collectGarbage();
      world.start();
      await world.untilQuiet();
      expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
      expect(await world.inventory()).toEqual([
        ...[0, 1, 2].map((ordinal) => `PersistentVolumeClaim/data-demo-shard-0-${ordinal}`),
        'Secret/demo-admin',
        'Secret/demo-app',
        'Secret/demo-internal',
        'ShardMap/demo',
      ]);
      expect(await password()).toBe(before);
    },
  );

  it('deletes everything when the policy was changed to Delete while suspended', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    await world.changeSpec({ suspend: true, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    await collectGarbage();
    expect(await world.inventory()).toEqual([]);
  });

  describe('with --cascade=orphan under Delete', () => {
    const ALL_FINALIZERS = { metadata: { finalizers: [CLEANUP_FINALIZER, 'orphan'] } };

    /** What garbage collection does to what a cluster owns before it takes the finalizer off. */
    async function orphan(): Promise<void> {
      for (const type of MEMBER_TYPES) {
        for (const object of await world.list(type)) {
          const owners = object.metadata?.ownerReferences ?? [];
          if (owners.some(({ kind }) => kind === 'ShardedCluster')) {
            await world.patch(type, object.metadata?.name ?? '', { metadata: { ownerReferences: null } });
          }
        }
      }
    }

    async function expectAllKept(): Promise<void> {
      expect((await world.list(persistentVolumeClaims)).length).toBe(3);
      expect(await world.get(statefulSets, 'demo-shard-0')).toBeDefined();
      expect(await world.get(shardMaps, 'demo')).toBeDefined();
      expect(await password()).toBeDefined();
      expect(world.events.filter(({ reason }) => reason.startsWith('Volumes'))).toHaveLength(1);
      expect(world.events.at(-1)?.reason).toBe('VolumesRetained');
    }

    beforeEach(async () => {
      await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
      await world.untilQuiet();
    });

    it('keeps everything when the operator sees it first', async () => {
      await world.patch(shardedClusters, 'demo', ALL_FINALIZERS);
      await world.delete(shardedClusters, 'demo');
      await world.untilQuiet();
      const { finalizers, annotations } = (await world.cluster()).metadata;
      expect(finalizers).toEqual(['orphan']);
      expect(annotations).toEqual({ 'shardwright.io/deletion': 'Retain' });
      await expectAllKept();
    });

    it('keeps everything when garbage collection is done first', async () => {
      await world.stop();
      await world.delete(shardedClusters, 'demo');
      await orphan();
      world.start();
      await world.untilQuiet();
      expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
      await expectAllKept();
    });

    it('keeps everything when garbage collection takes its finalizer off between two passes', async () => {
      await world.patch(shardedClusters, 'demo', ALL_FINALIZERS);
      let patches = 0;
      world.server.beforeRequest = async ({ verb, kind }) => {
        patches += verb === 'mergePatch' && kind === 'ShardedCluster' ? 1 : 0;
        // The first records the decision, the second was to let the cluster go.
        if (verb === 'mergePatch' && kind === 'ShardedCluster' && patches === 2) {
          // And an object that would have told is gone as well.
          await world.delete(serviceAccounts, 'demo-database');
          await world.patch(shardedClusters, 'demo', { metadata: { finalizers: [CLEANUP_FINALIZER] } });
        }
      };
      await world.delete(shardedClusters, 'demo');
      await world.untilQuiet();
      await world.clock.advance(31_000);
      await world.untilQuiet();
      expect(patches).toBeGreaterThan(3);
      expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
      await expectAllKept();
    });
  });

  it('deletes nothing of somebody else, whatever its labels', async () => {
    const labels = { 'shardwright.io/cluster': 'demo', 'shardwright.io/shard': '0' };
    const other = { apiVersion: 'v1', kind: 'Other', name: 'other', uid: 'other', controller: true };
    const foreign = [
      { type: statefulSets, name: 'theirs' },
      { type: statefulSets, name: 'demo-shard-1' },
      { type: persistentVolumeClaims, name: 'theirs' },
      { type: persistentVolumeClaims, name: 'data-demo-shard-1-0' },
      { type: secrets, name: 'theirs' },
    ];
    for (const { type, name } of foreign) {
      const ownerReferences = type === persistentVolumeClaims ? [] : [other];
      await world.create(type, { metadata: { name, namespace: 'test', labels, ownerReferences } });
    }
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
    expect(await world.get(statefulSets, 'demo-shard-0')).toBeUndefined();
    expect(await world.get(persistentVolumeClaims, 'data-demo-shard-0-0')).toBeUndefined();
    for (const { type, name } of foreign) {
      expect(await world.get(type, name)).toBeDefined();
    }
  });

  it('is told once, after the cluster is let go, though the finalizer cannot be taken off at first', async () => {
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    let patches = 0;
    world.server.beforeRequest = ({ verb, kind }) => {
      patches += verb === 'mergePatch' && kind === 'ShardedCluster' ? 1 : 0;
      if (verb === 'mergePatch' && kind === 'ShardedCluster' && (patches === 2 || patches === 4)) {
        throw new ApiError('Conflict', 409, 'the object has been modified');
      }
    };
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    await world.clock.advance(31_000);
    await world.untilQuiet();
    expect(patches).toBe(6);
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
    expect(world.events.filter(({ reason }) => reason.startsWith('Volumes'))).toHaveLength(1);
  });

  it('is done when somebody else has taken the finalizer off', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    world.server.beforeRequest = async ({ verb, kind }) => {
      if (verb === 'mergePatch' && kind === 'ShardedCluster') {
        throw new ApiError('NotFound', 404, 'not found');
      }
    };
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    const before = world.server.requests.length;
    await world.clock.advance(31_000);
    await world.untilQuiet();
    expect(world.server.requests.slice(before).filter(({ verb }) => verb === 'mergePatch')).toEqual([]);
  });

  it('starts no shard over volumes that have lost their labels, though the map is lost too', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    await collectGarbage();
    for (const { metadata } of await world.list(persistentVolumeClaims)) {
      await world.patch(persistentVolumeClaims, metadata?.name ?? '', { metadata: { labels: null } });
    }
    await world.delete(shardMaps, 'demo');
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/ShardMapMissing');
    expect(await world.get(statefulSets, 'demo-shard-0')).toBeUndefined();
  });

  it('finds volumes whose labels were removed, since they are put back', async () => {
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    const labels = (await world.get(persistentVolumeClaims, 'data-demo-shard-0-1'))?.metadata?.labels;
    await world.patch(persistentVolumeClaims, 'data-demo-shard-0-1', { metadata: { labels: null } });
    await world.patch(persistentVolumeClaims, 'data-demo-shard-0-2', {
      metadata: { labels: { 'shardwright.io/shard': '7' } },
    });
    await world.untilQuiet();
    expect((await world.get(persistentVolumeClaims, 'data-demo-shard-0-1'))?.metadata?.labels).toEqual(
      labels,
    );
    expect((await world.get(persistentVolumeClaims, 'data-demo-shard-0-2'))?.metadata?.labels).toEqual(
      labels,
    );
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
