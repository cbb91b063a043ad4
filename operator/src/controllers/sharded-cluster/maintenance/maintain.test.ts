import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InstanceReport, ShardReport } from '../../../core/instance-report.ts';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
} from '../../../runtime/resources.ts';
import { shardMaps } from '../resource-types.ts';
import { Harness } from '../testing/harness.ts';

const [FIRST, SECOND, THIRD] = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;
const NODE = 'node-2';

const HEALTHY: InstanceReport = {
  healthy: true,
  lagSeconds: 0,
  lagBytes: 0,
  problems: [],
  commitsWait: true,
  databasesMade: null,
  cloning: null,
};

const SHARD: ShardReport = {
  state: 'healthy',
  isUrgent: false,
  blocked: null,
  switchover: null,
  lastPromotion: null,
};

describe('pods and volumes that are looked after', () => {
  let world: Harness;

  beforeEach(async () => {
    world = new Harness();
    world.start();
    world.reports = {
      instance: () => HEALTHY,
      shard: () => SHARD,
      readTarget: () => undefined,
      evidence: async () => [],
      cluster: () => [],
    };
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
    const map = await world.get(shardMaps, 'demo');
    const shards = (map?.spec.shards ?? []).map((shard) => ({
      ...shard,
      initialised: true,
      ackers: [SECOND, THIRD],
    }));
    await world.patch(shardMaps, 'demo', { spec: { revision: 2, shards } });
    await world.untilQuiet();
  });
  afterEach(async () => {
    await world.stop();
  });

  function deletions(): string[] {
    return world.server.requests
      .filter(({ verb }) => verb === 'delete')
      .map(({ kind, key }) => `${kind} ${key}`);
  }

  function eventsOf(reason: string): string[] {
    return world.events.filter((event) => event.reason === reason).map(({ note }) => note);
  }

  it('are left alone while nothing changes', async () => {
    await world.changeSpec({ readService: { maxLagSeconds: 9 } });
    await world.untilQuiet();
    expect(deletions()).toEqual([]);
    expect(await world.condition('Progressing')).toBe('False/UpToDate');
  });

  it('are restarted one after the other when the spec changes what they are built from', async () => {
    await world.changeSpec({ config: '[mariadbd]\nmax_connections = 5\n' });
    await world.untilQuiet();
    expect(deletions()).toEqual([THIRD, SECOND, FIRST].map((pod) => `Pod test/${pod}`));
    expect(eventsOf('InstanceRestarted')).toHaveLength(3);
    expect(await world.condition('Progressing')).toBe('False/UpToDate');
  });

  it('may be evicted, the primary too, while every instance is at work', async () => {
    const budget = async () =>
      (await world.get(podDisruptionBudgets, 'demo-shard-0-primary'))?.spec?.minAvailable;
    expect(await budget()).toBe(0);
    world.reports = { ...world.reports, instance: (_, pod) => ({ ...HEALTHY, healthy: pod !== SECOND }) };
    await world.changeSpec({ readService: { maxLagSeconds: 9 } });
    await world.untilQuiet();
    expect(await budget()).toBe(1);
  });

  it('wait for one that does not come back', async () => {
    world.reports = {
      ...world.reports,
      instance: (_, pod) =>
        deletions().length > 0 && pod === THIRD ? { ...HEALTHY, healthy: false } : HEALTHY,
    };
    await world.changeSpec({ config: '[mariadbd]\nmax_connections = 5\n' });
    await world.untilQuiet();
    expect(deletions()).toEqual([`Pod test/${THIRD}`]);
    expect(await world.condition('Progressing')).toBe('True/WaitingForPods');
  });

  it('are not restarted by an upgrade of the operator', async () => {
    for (const pod of [FIRST, SECOND, THIRD]) {
      await world.patch(pods, pod, { metadata: { labels: { 'controller-revision-hash': 'former' } } });
    }
    await world.untilQuiet();
    expect(deletions()).toEqual([]);
    expect(await world.condition('Progressing')).toBe('True/RestartPending');
    expect(await world.message('Progressing')).toContain('a former version of the operator built');
  });

  /** A replica's pod that finds no place but `NODE`, where its volume is. */
  async function strand(taints: readonly object[], pod: string = THIRD): Promise<void> {
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [NODE] }] }];
    const nodeAffinity = { required: { nodeSelectorTerms: terms } };
    await world.create(persistentVolumes, { metadata: { name: 'volume' }, spec: { nodeAffinity } });
    await world.create(nodes, { metadata: { name: NODE }, spec: { taints: taints as never } });
    await world.patch(persistentVolumeClaims, `data-${pod}`, { spec: { volumeName: 'volume' } });
    const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
    const status = { conditions: [{ type: 'Ready', status: 'False' }, unscheduled] };
    await world.server.mergePatch(
      pods,
      { namespace: 'test', name: pod },
      { status },
      { subresource: 'status' },
      new AbortController().signal,
    );
    await world.untilQuiet({ podsReady: false });
  }

  const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' };

  it('are given up when their node is out of service, and made anew', async () => {
    await strand([OUT_OF_SERVICE]);
    expect(deletions()).toEqual([`PersistentVolumeClaim test/data-${THIRD}`, `Pod test/${THIRD}`]);
    expect(eventsOf('ReplicaMoved')).toEqual([
      'demo-shard-0-2 is made anew: its volume is on node-2, which is out of service.',
    ]);
    expect(await world.get(pods, THIRD)).toBeDefined();
    expect((await world.get(persistentVolumeClaims, `data-${THIRD}`))?.spec?.volumeName).toBeUndefined();
  });

  it('are kept while their node may come back', async () => {
    await strand([{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]);
    expect(deletions()).toEqual([]);
  });

  it('are kept when they are those of the primary', async () => {
    await strand([OUT_OF_SERVICE], FIRST);
    expect(deletions()).toEqual([]);
  });
});
