/** A cluster with keyspaces: its routers, and where its slots are. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deployments, secrets } from '../../runtime/resources.ts';
import { shardMaps } from './resource-types.ts';
import { Harness } from './testing/harness.ts';

describe('a controller of a cluster with keyspaces', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  const keyspaces = [{ name: 'app', slots: 8 }];
  const ROUTER_OBJECTS = [
    'Deployment/demo-router',
    'PodDisruptionBudget/demo-router',
    'Role/demo-router',
    'RoleBinding/demo-router',
    'Service/demo',
    'ServiceAccount/demo-router',
  ];
  const routerObjects = async () =>
    (await world.inventory()).filter((name) => ROUTER_OBJECTS.includes(name)).toSorted();

  async function routersTake(available: number): Promise<void> {
    const { metadata } = (await world.get(deployments, 'demo-router')) ?? {};
    await world.patchStatus(deployments, 'demo-router', {
      observedGeneration: metadata?.generation,
      availableReplicas: available,
      conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }],
    });
    await world.untilQuiet();
  }

  it('makes routers and what they need, and is ready when they take connections', async () => {
    await world.createCluster({ keyspaces });
    await world.untilQuiet();
    expect(await routerObjects()).toEqual(ROUTER_OBJECTS);
    expect(await world.condition('Ready')).toBe('False/RoutersNotReady');
    await routersTake(2);
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    await routersTake(1);
    expect(await world.condition('Degraded')).toBe('True/RoutersNotReady');
  });

  it('records where slots are, and tells it once', async () => {
    await world.createCluster({ keyspaces });
    await world.untilQuiet();
    const map = await world.get(shardMaps, 'demo');
    expect(map?.spec.keyspaces).toMatchObject([
      {
        name: 'app',
        slotsByShard: [
          { shard: 0, slots: '0-3' },
          { shard: 1, slots: '4-7' },
        ],
      },
    ]);
    const told = world.events.filter(({ reason }) => reason === 'KeyspaceCreated').map(({ note }) => note);
    expect(told).toEqual(['Keyspace app: slots 0-3 on demo-shard-0; 4-7 on demo-shard-1.']);
  });

  it('adds keyspaces to a map of a former version, and gives none of their slots to later shards', async () => {
    await world.readyCluster();
    await world.changeSpec({ keyspaces, router: { replicas: 0 } });
    await world.untilQuiet();
    const before = (await world.get(shardMaps, 'demo'))?.spec;
    await world.changeSpec({ shards: 3 });
    await world.untilQuiet();
    const after = (await world.get(shardMaps, 'demo'))?.spec;
    expect(after?.shards).toHaveLength(3);
    expect(after?.keyspaces).toEqual(before?.keyspaces);
    expect(await world.condition('Rebalancing')).toBe('False/ShardsWithoutSlots');
    expect(world.events.map(({ reason }) => reason)).toContain('ShardsWithoutSlots');
  });

  it('restores a lost map with the slots where they were', async () => {
    await world.createCluster({ keyspaces, router: { replicas: 0 } });
    await world.untilQuiet();
    await world.changeSpec({ shards: 3 });
    await world.untilQuiet();
    const before = (await world.get(shardMaps, 'demo'))?.spec;
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    expect((await world.get(shardMaps, 'demo'))?.spec.keyspaces).toEqual(before?.keyspaces);
  });

  it('removes routers that are no longer asked for, and keeps their Secret', async () => {
    await world.createCluster({ keyspaces });
    await world.untilQuiet();
    const secret = await world.get(secrets, 'demo-router');
    await world.changeSpec({ router: { replicas: 0 } });
    await world.untilQuiet();
    expect(await routerObjects()).toEqual([]);
    expect((await world.get(secrets, 'demo-router'))?.data).toEqual(secret?.data);
    expect((await world.cluster()).status?.endpoints).not.toHaveProperty('application');
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  it('stops routers while hibernated', async () => {
    await world.createCluster({ keyspaces });
    await world.untilQuiet();
    await world.changeSpec({ hibernated: true });
    await world.untilQuiet();
    expect((await world.get(deployments, 'demo-router'))?.spec?.replicas).toBe(0);
  });
});
