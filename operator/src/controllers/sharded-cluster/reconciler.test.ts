import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import { persistentVolumeClaims, pods, services, statefulSets } from '../../runtime/resources.ts';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { shardedClusters } from './resource-types.ts';
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

describe('the controller of sharded clusters', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  it('makes every object of a minimal cluster and becomes ready', async () => {
    await world.readyCluster();
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

  it('sends nothing once everything is in place', async () => {
    await world.readyCluster();
    const requests = await world.requestsDuring(async () => {
      await world.clock.advance(3_600_000);
      await settle();
    });
    expect(requests.filter((request) => !/^(watch|list)/.test(request))).toEqual([]);
  });

  it('labels pods with the role the map gives them', async () => {
    await world.readyCluster({ shards: 1 });
    const roles = (await world.list(pods)).map(({ metadata }) => metadata?.labels?.[LABELS.role]);
    expect(roles).toEqual(['primary', 'replica', 'replica']);
  });

  it('waits while a primary is being replaced, and looks again soon', async () => {
    await world.readyCluster();
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

  it('keeps its hands off a suspended cluster and takes it up again', async () => {
    await world.readyCluster({ shards: 1 });
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
    await world.readyCluster({ shards: 1 });
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

  it('changes nothing while the stored object cannot be understood, names the field, and can still delete it', async () => {
    await world.readyCluster({ shards: 1 });
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
    await world.readyCluster({ shards: 1 });
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
