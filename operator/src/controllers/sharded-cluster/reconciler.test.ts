import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import {
  configMaps,
  deployments,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../runtime/resources.ts';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { secretValue } from './credentials.ts';
import { shardMaps, shardedClusters } from './resource-types.ts';
import { Harness } from './testing/harness.ts';

function objectsOfShard(number: number): string[] {
  return [
    `StatefulSet/demo-shard-${number}`,
    `Service/demo-shard-${number}`,
    `Service/demo-shard-${number}-primary`,
    `Service/demo-shard-${number}-replicas`,
    `PodDisruptionBudget/demo-shard-${number}-primary`,
    `PodDisruptionBudget/demo-shard-${number}-replicas`,
    ...[0, 1, 2].flatMap((ordinal) => [
      `Pod/demo-shard-${number}-${ordinal}`,
      `PersistentVolumeClaim/data-demo-shard-${number}-${ordinal}`,
    ]),
  ];
}

/** An object but for what changes when it is made again. */
function withoutIdentity(object: KubernetesObject | undefined): unknown {
  const { metadata, ...rest } = object ?? {};
  return { ...rest, labels: metadata?.labels, owners: metadata?.ownerReferences };
}

describe('the controller of sharded clusters', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  async function readyCluster(spec: Parameters<Harness['createCluster']>[0] = {}): Promise<void> {
    await world.createCluster(spec);
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  }

  it('makes every object of a minimal cluster and becomes ready', async () => {
    await readyCluster();
    expect(await world.inventory()).toEqual(
      [
        'ShardMap/demo',
        'ServiceAccount/demo-database',
        'ConfigMap/demo-config',
        'ConfigMap/demo-ca',
        'Secret/demo-app',
        'Secret/demo-admin',
        'Secret/demo-internal',
        'Role/demo-database',
        'RoleBinding/demo-database',
        ...objectsOfShard(0),
        ...objectsOfShard(1),
      ].toSorted(),
    );
    expect(await world.condition('Available')).toBe('True/PrimariesAvailable');
    expect(await world.condition('Progressing')).toBe('False/UpToDate');
    expect(await world.condition('Degraded')).toBe('False/AsExpected');
    const { status } = await world.cluster();
    expect(status).toMatchObject({
      observedGeneration: 1,
      replicas: 2,
      summary: { shards: '2/2', primaries: '2/2' },
    });
    expect(world.events.map(({ reason }) => reason)).toEqual([
      'ShardCreated',
      'ShardCreated',
      'ClusterReady',
    ]);
  });

  describe('with keyspaces', () => {
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
      await readyCluster();
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

  it('sends nothing once everything is in place', async () => {
    await readyCluster();
    const requests = await world.requestsDuring(async () => {
      await world.clock.advance(3_600_000);
      await settle();
    });
    expect(requests.filter((request) => !/^(watch|list)/.test(request))).toEqual([]);
  });

  it('labels pods with the role the map gives them', async () => {
    await readyCluster({ shards: 1 });
    const roles = (await world.list(pods)).map(({ metadata }) => metadata?.labels?.[LABELS.role]);
    expect(roles).toEqual(['primary', 'replica', 'replica']);
  });

  it('corrects a role label that was changed by hand', async () => {
    await readyCluster({ shards: 1 });
    await world.patch(pods, 'demo-shard-0-2', { metadata: { labels: { [LABELS.role]: 'primary' } } });
    await world.untilQuiet();
    const pod = await world.get(pods, 'demo-shard-0-2');
    expect(pod?.metadata?.labels?.[LABELS.role]).toBe('replica');
  });

  it.each([
    { type: services, name: 'demo-shard-0-primary' },
    { type: services, name: 'demo-shard-1' },
    { type: podDisruptionBudgets, name: 'demo-shard-0-replicas' },
    { type: configMaps, name: 'demo-config' },
    { type: serviceAccounts, name: 'demo-database' },
    { type: statefulSets, name: 'demo-shard-1' },
  ])('puts back a deleted $type.kind $name', async ({ type, name }) => {
    await readyCluster();
    const before = await world.get(type, name);
    await world.delete(type, name);
    await world.untilQuiet();
    const after = await world.get(type, name);
    expect(after?.metadata?.uid).not.toBe(before?.metadata?.uid);
    expect(withoutIdentity(after)).toEqual(withoutIdentity(before));
    expect(world.events.map(({ reason, note }) => `${reason}: ${note}`)).toContain(
      `ObjectRepaired: ${type.kind} ${name} had been deleted and was created again.`,
    );
  });

  it('puts back what was edited, owner and labels included', async () => {
    await readyCluster();
    await world.patch(services, 'demo-shard-0-primary', { spec: { selector: { a: 'b' } } });
    await world.patch(statefulSets, 'demo-shard-0', { spec: { replicas: 7 } });
    await world.patch(configMaps, 'demo-config', { metadata: { labels: null } });
    await world.patch(serviceAccounts, 'demo-database', { metadata: { ownerReferences: null } });
    await world.untilQuiet();
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(3);
    expect((await world.get(services, 'demo-shard-0-primary'))?.spec?.selector).toMatchObject({
      [LABELS.role]: 'primary',
    });
    expect((await world.get(configMaps, 'demo-config'))?.metadata?.labels?.[LABELS.cluster]).toBe('demo');
    const account = await world.get(serviceAccounts, 'demo-database');
    expect(account?.metadata?.ownerReferences).toHaveLength(1);
  });

  it('never replaces a password, and makes only what is missing of a Secret', async () => {
    await readyCluster();
    const before = await world.get(secrets, 'demo-app');
    await world.patch(secrets, 'demo-app', { data: { uri: null, host: 'eA==' } });
    await world.untilQuiet();
    expect((await world.get(secrets, 'demo-app'))?.data).toEqual(before?.data);
    await world.patch(secrets, 'demo-app', { data: { password: 'b3duLWNob2ljZQ==' } });
    await world.untilQuiet();
    const data = (await world.get(secrets, 'demo-app'))?.data;
    expect(secretValue(data, 'password')).toBe('own-choice');
    expect(secretValue(data, 'uri')).toBe('mysql://app:own-choice@demo.test.svc:3306/');
  });

  it('restores a ShardMap that was deleted by hand from the status, with a higher revision', async () => {
    await readyCluster({ shards: 1 });
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    const map = await world.get(shardMaps, 'demo');
    expect(map?.spec.revision).toBe(Math.floor(world.clock.now() / 1000));
    expect(map?.spec.shards).toEqual([
      {
        number: 0,
        name: 'demo-shard-0',
        epoch: 1,
        primary: 'demo-shard-0-0',
        replicas: ['demo-shard-0-1', 'demo-shard-0-2'],
        ackers: ['demo-shard-0-1', 'demo-shard-0-2'],
        initialised: true,
        acknowledgement: 'OneReplica',
      },
    ]);
  });

  it('changes nothing when the map and its record are both lost, and says so', async () => {
    await readyCluster({ shards: 1 });
    await world.stop();
    await world.delete(shardMaps, 'demo');
    const { status } = await world.cluster();
    await world.server.mergePatch(
      shardedClusters,
      { namespace: 'test', name: 'demo' },
      { status: { ...status, shards: null } },
      { subresource: 'status' },
      new AbortController().signal,
    );
    await world.delete(services, 'demo-shard-0-primary');
    world.start();
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('True/ShardMapMissing');
    expect(await world.condition('Ready')).toBe('False/ShardMapMissing');
    expect(await world.message('Ready')).toContain('demo-shard-0');
    expect(await world.get(shardMaps, 'demo')).toBeUndefined();
    expect(await world.get(services, 'demo-shard-0-primary')).toBeUndefined();
  });

  it('leaves an object of somebody else alone, names it, and blocks only its shard', async () => {
    const foreign = {
      metadata: { name: 'demo-shard-1-primary', namespace: 'test' },
      spec: { clusterIP: '1.2.3.4' },
    };
    await world.create(services, foreign);
    await world.createCluster();
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/ConflictingObject');
    expect(await world.message('Ready')).toContain('Service demo-shard-1-primary');
    expect((await world.get(services, 'demo-shard-1-primary'))?.spec).toEqual({ clusterIP: '1.2.3.4' });
    expect(await world.get(statefulSets, 'demo-shard-0')).toBeDefined();
    expect(await world.get(statefulSets, 'demo-shard-1')).toBeUndefined();

    await world.delete(services, 'demo-shard-1-primary');
    await world.clock.advance(31_000);
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  it('adds shards and instances, and removes instances but never the primary', async () => {
    await readyCluster({ shards: 1 });
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

  it('waits for nobody who is no longer asked for, though a restored map keeps them as ackers', async () => {
    await readyCluster({ shards: 1 });
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    const degraded: string[] = [];
    await world.changeSpec({ instances: 2 });
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
      degraded.push(await world.condition('Degraded'));
    }
    await world.untilQuiet();
    expect(new Set(degraded)).toEqual(new Set(['False/AsExpected']));
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect((await world.get(shardMaps, 'demo'))?.spec.shards[0]?.ackers).toContain('demo-shard-0-2');
  });

  it('keeps the instance that is the primary when instances are taken away', async () => {
    await readyCluster({ shards: 1 });
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

  it('keeps every shard when fewer are asked for', async () => {
    await readyCluster();
    await world.changeSpec({ shards: 1 });
    await world.untilQuiet();
    expect(await world.get(statefulSets, 'demo-shard-1')).toBeDefined();
    expect(await world.condition('Degraded')).toBe('True/ScalingInNotSupported');
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  it('waits while a primary is being replaced, and looks again soon', async () => {
    await readyCluster();
    const { reports } = world;
    const report = { state: 'promoting', blocked: null, switchover: null, lastPromotion: null } as const;
    world.reports = { ...reports, shard: () => ({ ...report, isUrgent: true }) };
    await world.patch(services, 'demo-shard-0-primary', { spec: { selector: null } });
    await world.clock.advance(1000);
    await settle();
    expect((await world.get(services, 'demo-shard-0-primary'))?.spec?.selector).toBeUndefined();
    world.reports = reports;
    await world.clock.advance(250);
    await world.untilQuiet();
    expect((await world.get(services, 'demo-shard-0-primary'))?.spec?.selector).toMatchObject({
      [LABELS.role]: 'primary',
    });
  });

  it('reports a volume size that cannot be reached and goes on with everything else', async () => {
    await readyCluster({ shards: 1, storage: { size: '1Gi' } });
    await world.changeSpec({ storage: { size: '1024Mi' }, instances: 2 });
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('False/AsExpected');
    await world.changeSpec({ storage: { size: '2Gi' } });
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('True/StorageNotGrown');
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(2);
  });

  it('removes budgets that a single instance must not have', async () => {
    await readyCluster({ shards: 1 });
    await world.changeSpec({ instances: 1 });
    await world.untilQuiet();
    expect(await world.list(podDisruptionBudgets)).toEqual([]);
  });

  it('keeps its hands off a suspended cluster and takes it up again', async () => {
    await readyCluster({ shards: 1 });
    await world.changeSpec({ suspend: true });
    await world.untilQuiet();
    await world.delete(services, 'demo-shard-0');
    await world.patch(statefulSets, 'demo-shard-0', { spec: { replicas: 1 } });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('Unknown/Suspended');
    expect(await world.get(services, 'demo-shard-0')).toBeUndefined();
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(1);
    await world.changeSpec({ suspend: false });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect(world.events.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Suspended', 'Resumed']),
    );
  });

  it('stops all pods of a hibernated cluster, keeps its volumes, and wakes it up', async () => {
    await readyCluster({ shards: 1 });
    await world.changeSpec({ hibernated: true });
    await world.untilQuiet();
    expect(await world.list(pods)).toEqual([]);
    expect((await world.list(persistentVolumeClaims)).length).toBe(3);
    expect(await world.condition('Ready')).toBe('False/Hibernated');
    expect(await world.condition('Progressing')).toBe('False/Hibernated');
    expect(await world.condition('Degraded')).toBe('False/AsExpected');
    await world.changeSpec({ hibernated: false });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect(world.events.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Hibernated', 'WokenUp']),
    );
  });

  it('tells waiting from loss', async () => {
    await world.createCluster({ shards: 1 });
    await world.untilQuiet({ podsReady: false });
    expect(await world.condition('Ready')).toBe('False/WaitingForPods');
    expect(await world.condition('Degraded')).toBe('False/AsExpected');
    await world.untilQuiet();
    await world.untilQuiet({ podsReady: false });
    expect(await world.condition('Ready')).toBe('False/PrimaryUnavailable');
    expect(await world.condition('Degraded')).toBe('True/InstancesNotReady');
    expect(world.events.map(({ reason }) => reason)).toContain('ClusterDegraded');
  });

  it('changes nothing while the stored object cannot be understood, names the field, and can still delete it', async () => {
    await readyCluster({ shards: 1 });
    await world.changeSpec({ shards: 'two' });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/InvalidSpec');
    expect(await world.condition('Available')).toBe('True/PrimariesAvailable');
    expect(await world.message('Ready')).toContain('spec.shards');
    await world.delete(services, 'demo-shard-0');
    await world.untilQuiet();
    expect(await world.get(services, 'demo-shard-0')).toBeUndefined();
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    expect(await world.get(shardedClusters, 'demo')).toBeUndefined();
    expect((await world.list(persistentVolumeClaims)).length).toBe(3);
  });

  it('says what the API server refuses, and tries again once a minute', async () => {
    await readyCluster({ shards: 1 });
    const { ApiError } = await import('../../runtime/client/api-error.ts');
    world.server.beforeRequest = ({ verb, kind }) => {
      if (verb === 'apply' && kind === 'StatefulSet') {
        throw new ApiError('Invalid', 422, 'spec.template: no good');
      }
    };
    await world.changeSpec({ instances: 2 });
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('False/ReconcileFailed');
    expect(await world.message('Ready')).toContain('no good');
    const retries = async () => {
      const requests = await world.requestsDuring(async () => world.clock.advance(59_000));
      return requests.filter((request) => request.startsWith('apply'));
    };
    expect(await retries()).toEqual([]);
    expect(await retries()).toEqual(['apply StatefulSet test/demo-shard-0']);
    expect(await retries()).toHaveLength(1);
    world.server.beforeRequest = () => undefined;
    await world.clock.advance(61_000);
    await world.untilQuiet();
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });
});
