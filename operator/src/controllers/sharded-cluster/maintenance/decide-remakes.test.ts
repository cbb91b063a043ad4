import { describe, expect, it } from '@jest/globals';
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { ShardMapShard } from '../../../api/v1alpha1/index.ts';
import type { InstanceReport, ShardStateName } from '../../../core/instance-report.ts';
import { aCluster, aPod, aShard } from '../testing/builders.ts';
import { findSuspects, isOutOfService, nodesOf } from './decide-remakes.ts';

const [FIRST, SECOND, THIRD] = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;

function unscheduled(name: string): V1Pod {
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
  return Object.assign(aPod(name), { status: { phase: 'Pending', conditions: [condition] } });
}

function claim(pod: string, phase = 'Bound', isGoing = false): V1PersistentVolumeClaim {
  return {
    metadata: {
      name: `data-${pod}`,
      ...(isGoing ? { deletionTimestamp: '2026-01-01T00:00:00Z' as never } : {}),
    },
    status: { phase },
  };
}

interface Case {
  readonly pods?: readonly V1Pod[];
  readonly claims?: readonly V1PersistentVolumeClaim[];
  readonly shard?: Partial<ShardMapShard>;
  readonly state?: ShardStateName | undefined;
  readonly isPrimaryHealthy?: boolean;
  readonly hibernated?: boolean;
}

function suspects(change: Case): string[] {
  const report = { healthy: change.isPrimaryHealthy ?? true } as InstanceReport;
  const state = 'state' in change ? change.state : 'healthy';
  const found = findSuspects(
    aCluster({ hibernated: change.hibernated ?? false }),
    { revision: 1, shards: [aShard(0, change.shard)] },
    change.pods ?? [FIRST, SECOND, THIRD].map((pod) => aPod(pod)),
    change.claims ?? [FIRST, SECOND, THIRD].map((pod) => claim(pod)),
    {
      instance: () => report,
      shard: () =>
        state === undefined
          ? undefined
          : { state, isUrgent: false, blocked: null, switchover: null, lastPromotion: null },
      readTarget: () => undefined,
      evidence: async () => [],
      cluster: () => [],
    },
  );
  return found.map(({ pod, why }) => `${pod} ${why}`);
}

const allUnscheduled = { pods: [FIRST, SECOND, THIRD].map(unscheduled) };

describe('replicas whose volume may be gone', () => {
  it.each<readonly [string, Case, readonly string[]]>([
    ['nobody, while all is well', {}, []],
    [
      'whose pod finds no node, the primary never',
      allUnscheduled,
      [`${SECOND} unscheduled`, `${THIRD} unscheduled`],
    ],
    ['whose volume is lost', { claims: [claim(FIRST, 'Lost'), claim(SECOND, 'Lost')] }, [`${SECOND} lost`]],
    [
      'whose claim was deleted',
      { claims: [claim(FIRST, 'Bound', true), claim(THIRD, 'Bound', true)] },
      [`${THIRD} deleted`],
    ],
    ['nobody whose claim and pod go already', { pods: [], claims: [claim(THIRD, 'Bound', true)] }, []],
    [
      'nobody who waits for something else',
      { pods: [Object.assign(aPod(SECOND), { status: { phase: 'Pending' } })] },
      [],
    ],
    ['nobody without a claim', { ...allUnscheduled, claims: [] }, []],
  ])('are those %s', (_, change, expected) => {
    expect(suspects(change)).toEqual(expected);
  });

  it.each<readonly [string, Case]>([
    ['the primary is not at work', { isPrimaryHealthy: false }],
    ['there is no primary', { shard: { primary: null, replicas: [FIRST, SECOND, THIRD] } }],
    ['nobody supervises the shard', { state: undefined }],
    ['a switchover is under way', { state: 'switchingOver' }],
    ['the primary is not heard of', { state: 'primaryUnreachable' }],
    ['the cluster hibernates', { hibernated: true }],
  ])('are left as they are while %s', (_, change) => {
    expect(suspects({ ...allUnscheduled, ...change })).toEqual([]);
  });
});

function volume(
  ...terms: readonly { key: string; operator: string; values?: string[] }[][]
): V1PersistentVolume {
  const nodeSelectorTerms = terms.map((matchExpressions) => ({ matchExpressions }));
  return { spec: { nodeAffinity: { required: { nodeSelectorTerms } } } };
}

const on = (...values: string[]) => ({ key: 'kubernetes.io/hostname', operator: 'In', values });

describe('the nodes a volume is bound to', () => {
  it.each<readonly [string, V1PersistentVolume, readonly string[] | null]>([
    ['one', volume([on('node-1')]), ['node-1']],
    ['several', volume([on('node-1')], [on('node-2')]), ['node-1', 'node-2']],
    ['none, when it says nothing', { spec: {} }, null],
    [
      'none, when a zone will do',
      volume([{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }]),
      null,
    ],
    [
      'none, when one of several ways is not a node',
      volume([on('node-1')], [{ key: 'disk', operator: 'Exists' }]),
      null,
    ],
  ])('are %s', (_, given, expected) => {
    expect(nodesOf(given)).toEqual(expected);
  });
});

describe('a node', () => {
  it.each([
    [true, [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute', value: 'nodeshutdown' }]],
    [false, [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]],
    [false, undefined],
  ])('is out of service: %s', (expected, taints) => {
    expect(isOutOfService({ spec: taints === undefined ? {} : { taints } })).toBe(expected);
  });
});
