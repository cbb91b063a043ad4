import { describe, expect, it } from '@jest/globals';
import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedClusterSpecInput, ShardMapShard } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS, LABELS } from '../../../api/v1alpha1/index.ts';
import type { InstanceReport } from '../../../core/instance-report.ts';
import { podSettingsDigest } from '../resources/runtime-image.ts';
import { aCluster, aPod, aShard } from '../testing/builders.ts';
import { decideRestarts, type RestartPlan } from './decide-restarts.ts';

const [FIRST, SECOND, THIRD] = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;
const FORMER = podSettingsDigest(aCluster({ config: 'former' }));

const HEALTHY: InstanceReport = {
  healthy: true,
  lagSeconds: 0.2,
  lagBytes: 0,
  problems: [],
  commitsWait: true,
  databasesMade: null,
  cloning: null,
};

interface Case {
  readonly spec?: Partial<ShardedClusterSpecInput>;
  readonly shard?: Partial<ShardMapShard>;
  /** Pods that run with former settings. */
  readonly outdated?: readonly string[];
  /** What they were built from. */
  readonly builtFrom?: string | undefined;
  readonly notReady?: readonly string[];
  /** Not one of their containers has started. */
  readonly pending?: readonly string[];
  readonly going?: readonly string[];
  readonly missing?: readonly string[];
  readonly reports?: Readonly<Record<string, InstanceReport | undefined>>;
  /** Generation that the StatefulSet controller has seen. */
  readonly seen?: number;
}

function made(name: string, change: Case): V1Pod {
  const isOutdated = (change.outdated ?? [FIRST, SECOND, THIRD]).includes(name);
  const role = name === FIRST ? 'primary' : 'replica';
  const revision = { 'controller-revision-hash': isOutdated ? 'old' : 'new' };
  const pod = aPod(name, {
    ready: ![...(change.notReady ?? []), ...(change.pending ?? [])].includes(name),
    labels: { [LABELS.role]: role, ...revision },
  });
  Object.assign((pod.status ??= {}), {
    phase: change.pending?.includes(name) === true ? 'Pending' : 'Running',
  });
  const current = podSettingsDigest(aCluster(change.spec));
  const settings = isOutdated ? ('builtFrom' in change ? change.builtFrom : FORMER) : current;
  Object.assign(pod.metadata ?? {}, {
    ...(settings === undefined ? {} : { annotations: { [ANNOTATIONS.podSettings]: settings } }),
    ...((change.going ?? []).includes(name) ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  });
  return pod;
}

function plan(change: Case = {}): RestartPlan {
  const set: V1StatefulSet = {
    metadata: { name: 'demo-shard-0', generation: 2 },
    status: { replicas: 3, observedGeneration: change.seen ?? 2, updateRevision: 'new' },
  };
  const { instances = 3 } = change.spec ?? {};
  const names = [FIRST, SECOND, THIRD].slice(0, instances).filter((name) => !change.missing?.includes(name));
  return decideRestarts({
    cluster: aCluster(change.spec),
    map: {
      revision: 1,
      shards: [aShard(0, { initialised: true, ackers: [SECOND, THIRD], ...change.shard })],
    },
    statefulSets: [set],
    pods: names.map((name) => made(name, change)),
    reports: {
      instance: (_, pod) =>
        change.reports !== undefined && pod in change.reports ? change.reports[pod] : HEALTHY,
      shard: () => undefined,
      readTarget: () => undefined,
      evidence: async () => [],
      cluster: () => [],
    },
  });
}

const next = (change: Case = {}): string[] => plan(change).next.map(({ metadata }) => metadata?.name ?? '');

describe('a change of what pods are built from', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['the replica with the highest number', [FIRST, SECOND, THIRD], [THIRD]],
    ['the next replica', [FIRST, SECOND], [SECOND]],
    ['the primary, last', [FIRST], [FIRST]],
    ['nobody, in the end', [], []],
  ])('restarts %s', (_, outdated, expected) => {
    expect(next({ outdated })).toEqual(expected);
    expect(plan({ outdated })).toMatchObject({ outdated, formerlyBuilt: [], waitsFor: null });
  });

  it('is not seen before the StatefulSet controller has seen it', () => {
    expect(plan({ seen: 1 })).toEqual({ outdated: [], formerlyBuilt: [], next: [], waitsFor: null });
  });

  it.each<readonly [string, Case, string]>([
    ['a replica is not ready', { notReady: [SECOND], outdated: [THIRD] }, 'demo-shard-0-1 is not ready'],
    ['the primary is not ready', { notReady: [FIRST] }, 'demo-shard-0-0 is not ready'],
    [
      'an agent tells of trouble',
      { reports: { [SECOND]: { ...HEALTHY, healthy: false } } },
      'demo-shard-0-1 is not ready',
    ],
    ['an agent is not heard of', { reports: { [FIRST]: undefined } }, 'demo-shard-0-0 is not ready'],
    [
      'a replica lags',
      { reports: { [SECOND]: { ...HEALTHY, lagSeconds: 3.1 } } },
      'demo-shard-0-1 lags behind',
    ],
    [
      'a lag is not known',
      { reports: { [SECOND]: { ...HEALTHY, lagSeconds: null } } },
      'demo-shard-0-1 lags behind',
    ],
    [
      'a replica does not count yet',
      { shard: { ackers: [THIRD] } },
      'demo-shard-0-1 does not acknowledge writes yet',
    ],
    ['a pod is being deleted', { going: [THIRD] }, 'demo-shard-0-2 is being made anew'],
    ['a pod is missing', { missing: [THIRD] }, 'demo-shard-0-2 is being made anew'],
    [
      'a promotion is under way',
      { shard: { primary: null, replicas: [FIRST, SECOND, THIRD] } },
      'demo-shard-0 has no primary at the moment',
    ],
    ['there is no database yet', { shard: { initialised: false } }, 'demo-shard-0 has no database yet'],
    ['the cluster hibernates', { spec: { hibernated: true } }, 'the cluster hibernates'],
  ])('waits while %s', (_, change, waitsFor) => {
    expect(plan(change)).toMatchObject({ next: [], waitsFor });
  });

  it.each<readonly [string, Case, string]>([
    ['though the primary is not there either', { pending: [FIRST, SECOND, THIRD] }, FIRST],
    ['before others', { pending: [SECOND] }, SECOND],
    ['beside one that is being made anew', { pending: [SECOND], going: [THIRD] }, SECOND],
    ['while a promotion is under way', { pending: [FIRST], shard: { primary: null } }, FIRST],
    ['before there is a database', { pending: [FIRST, THIRD], shard: { initialised: false } }, FIRST],
  ])('restarts a pod that never started, %s', (_, change, expected) => {
    expect(next(change)).toEqual([expected]);
  });

  it('leaves a pod alone that starts with the settings of now', () => {
    expect(next({ pending: [THIRD], outdated: [FIRST, SECOND] })).toEqual([]);
  });

  it('restarts what does not come up before there is a database, one after the other', () => {
    const shard = { initialised: false };
    expect(next({ shard, notReady: [FIRST, SECOND, THIRD] })).toEqual([FIRST]);
    expect(next({ shard, notReady: [FIRST, SECOND, THIRD], outdated: [SECOND, THIRD] })).toEqual([SECOND]);
  });

  it('first restarts a replica that does not work with former settings', () => {
    const reports = { [SECOND]: { ...HEALTHY, healthy: false } };
    expect(next({ notReady: [SECOND], reports })).toEqual([SECOND]);
  });

  it('leaves a replica alone that is being cloned, or without which there is nobody', () => {
    const cloning = { source: FIRST, bytes: 1, estimatedBytes: 2, bytesPerSecond: 1 };
    const reports = { [SECOND]: { ...HEALTHY, healthy: false, cloning } };
    expect(next({ notReady: [SECOND], reports })).toEqual([]);
    expect(next({ notReady: [FIRST, SECOND] })).toEqual([]);
  });

  it('restarts the only instance of a shard in place', () => {
    const shard: Partial<ShardMapShard> = { replicas: [], ackers: [], acknowledgement: 'None' };
    expect(next({ spec: { instances: 1 }, shard, outdated: [FIRST] })).toEqual([FIRST]);
  });
});

describe('an upgrade of the operator', () => {
  it.each([
    ['what the spec says is the same', podSettingsDigest(aCluster())],
    ['nothing tells what pods were built from', undefined],
  ])('restarts nobody: %s', (_, builtFrom) => {
    expect(plan({ builtFrom })).toEqual({
      outdated: [FIRST, SECOND, THIRD],
      formerlyBuilt: [FIRST, SECOND, THIRD],
      next: [],
      waitsFor: null,
    });
  });
});
