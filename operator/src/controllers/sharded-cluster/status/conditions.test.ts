import { describe, expect, it } from '@jest/globals';
import type { ConditionType } from '../../../api/v1alpha1/index.ts';
import { CONDITION_TYPES } from '../../../api/v1alpha1/index.ts';
import { REASONS } from '../../../api/v1alpha1/conditions.ts';
import type { Finding } from '../finding.ts';
import { NO_RESTARTS } from '../maintenance/decide-restarts.ts';
import { aCondition, aShardStatus } from '../testing/builders.ts';
import type { ConditionInput } from './condition-input.ts';
import { decideConditions, mergeConditions } from './conditions.ts';

const APPLIED = { kind: 'applied', findings: [] } as const;
const finding = (reason: Finding['reason'], blocks?: 'cluster'): Finding => ({
  reason,
  message: `About ${reason}.`,
  ...(blocks === undefined ? {} : { blocks }),
});
const healthyBefore = {
  conditions: [aCondition('Available', 'True', 'PrimariesAvailable')],
  shards: [aShardStatus(0), aShardStatus(1)],
};

function input(change: Partial<ConditionInput>): ConditionInput {
  return {
    situation: APPLIED,
    hibernated: false,
    shards: [aShardStatus(0), aShardStatus(1)],
    pods: ['demo-shard-0-0'],
    complaints: new Map(),
    leavingPods: new Set(),
    restarts: NO_RESTARTS,
    blocks: [],
    shardsWithoutDatabases: [],
    routers: null,
    rebalance: null,
    shardsWithoutSlots: null,
    isSupervised: true,
    previous: { conditions: [], shards: [] },
    ...change,
  };
}

const replicaDown = [aShardStatus(0, ['demo-shard-0-2']), aShardStatus(1)];
const primaryDown = [aShardStatus(0, ['demo-shard-0-0']), aShardStatus(1)];

/** Situation, then Ready, Available, Progressing, Degraded. */
const TABLE: [string, Partial<ConditionInput>, string, string, string, string][] = [
  ['all is well', {}, 'True/AllShardsReady', 'True/PrimariesAvailable', 'False/UpToDate', 'False/AsExpected'],
  ...(['Running', 'Held', 'Soaking', 'Failed'] as const).map((phase): (typeof TABLE)[number] => [
    `a rebalance is ${phase}`,
    { rebalance: { name: 'demo-r1', phase, message: `It is ${phase}.`, moves: '1/4' } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/UpToDate',
    'False/AsExpected',
  ]),
  [
    'the first status',
    { situation: { kind: 'starting' }, shards: [] },
    'False/CreatingObjects',
    'False/CreatingObjects',
    'True/CreatingObjects',
    'False/AsExpected',
  ],
  [
    'no shard yet',
    { shards: [] },
    'False/CreatingObjects',
    'False/CreatingObjects',
    'True/CreatingObjects',
    'False/AsExpected',
  ],
  [
    'pods start for the first time',
    { shards: primaryDown },
    'False/WaitingForPods',
    'False/WaitingForPods',
    'True/WaitingForPods',
    'False/AsExpected',
  ],
  [
    'a new replica starts',
    { shards: replicaDown, previous: { ...healthyBefore, shards: replicaDown } },
    'False/WaitingForPods',
    'True/PrimariesAvailable',
    'True/WaitingForPods',
    'False/AsExpected',
  ],
  [
    'a replica is lost',
    { shards: replicaDown, previous: healthyBefore },
    'False/InstancesNotReady',
    'True/PrimariesAvailable',
    'True/WaitingForPods',
    'True/InstancesNotReady',
  ],
  [
    'a replica stays lost',
    {
      shards: replicaDown,
      previous: { shards: replicaDown, conditions: [aCondition('Degraded', 'True', 'InstancesNotReady')] },
    },
    'False/InstancesNotReady',
    'True/PrimariesAvailable',
    'True/WaitingForPods',
    'True/InstancesNotReady',
  ],
  [
    'a primary is lost',
    { shards: primaryDown, previous: healthyBefore },
    'False/PrimaryUnavailable',
    'False/PrimaryUnavailable',
    'True/WaitingForPods',
    'True/InstancesNotReady',
  ],
  [
    'a promotion is under way',
    { shards: [{ ...aShardStatus(0), primary: null }], previous: healthyBefore },
    'False/PrimaryUnavailable',
    'False/PrimaryUnavailable',
    'False/UpToDate',
    'False/AsExpected',
  ],
  [
    'an object is in the way',
    { situation: { kind: 'applied', findings: [finding('ConflictingObject', 'cluster')] } },
    'False/ConflictingObject',
    'True/PrimariesAvailable',
    'False/ConflictingObject',
    'True/ConflictingObject',
  ],
  [
    'the map is lost',
    { situation: { kind: 'applied', findings: [finding('ShardMapMissing', 'cluster')] } },
    'False/ShardMapMissing',
    'True/PrimariesAvailable',
    'False/ShardMapMissing',
    'True/ShardMapMissing',
  ],
  [
    'fewer shards are asked for',
    { situation: { kind: 'applied', findings: [finding('ScalingInNotSupported')] } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/ScalingInNotSupported',
    'True/ScalingInNotSupported',
  ],
  [
    'fewer instances than the primary allows',
    { situation: { kind: 'applied', findings: [finding('PrimaryWouldBeRemoved')] } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/PrimaryWouldBeRemoved',
    'True/PrimaryWouldBeRemoved',
  ],
  [
    'larger volumes are asked for',
    { situation: { kind: 'applied', findings: [finding('StorageNotGrown')] } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/StorageNotGrown',
    'True/StorageNotGrown',
  ],
  [
    'pods run with former settings',
    { restarts: { ...NO_RESTARTS, outdated: ['demo-shard-0-0'] } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'True/RestartPending',
    'False/AsExpected',
  ],
  [
    'routers start for the first time',
    { routers: { wanted: 2, available: 1, isRollingOut: true } },
    'False/RoutersNotReady',
    'True/PrimariesAvailable',
    'True/RoutersNotReady',
    'False/AsExpected',
  ],
  [
    'the databases of keyspaces are made for the first time',
    { shardsWithoutDatabases: ['shop-shard-0'] },
    'False/MakingDatabases',
    'True/PrimariesAvailable',
    'True/MakingDatabases',
    'False/AsExpected',
  ],
  [
    'databases are made while the cluster is ready, as after an agent was replaced',
    {
      shardsWithoutDatabases: ['shop-shard-0'],
      previous: { shards: [], conditions: [aCondition('Ready', 'True', 'AllShardsReady')] },
    },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/UpToDate',
    'False/AsExpected',
  ],
  [
    'a router is lost',
    { routers: { wanted: 2, available: 1, isRollingOut: false } },
    'False/RoutersNotReady',
    'True/PrimariesAvailable',
    'True/RoutersNotReady',
    'True/RoutersNotReady',
  ],
  [
    'routers are replaced one after the other',
    { routers: { wanted: 2, available: 2, isRollingOut: true } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/UpToDate',
    'False/AsExpected',
  ],
  [
    'a Secret of a user is missing',
    { situation: { kind: 'applied', findings: [finding('UserSecretMissing')] } },
    'True/AllShardsReady',
    'True/PrimariesAvailable',
    'False/UserSecretMissing',
    'True/UserSecretMissing',
  ],
  [
    'a shard is added',
    {
      previous: healthyBefore,
      shards: [
        ...healthyBefore.shards,
        aShardStatus(2, ['demo-shard-2-0', 'demo-shard-2-1', 'demo-shard-2-2']),
      ],
    },
    'False/WaitingForPods',
    'True/PrimariesAvailable',
    'True/WaitingForPods',
    'False/AsExpected',
  ],
  [
    'a shard is added, and another loses its primary',
    {
      previous: healthyBefore,
      shards: [...primaryDown, aShardStatus(2, ['demo-shard-2-0', 'demo-shard-2-1', 'demo-shard-2-2'])],
    },
    'False/PrimaryUnavailable',
    'False/PrimaryUnavailable',
    'True/WaitingForPods',
    'True/InstancesNotReady',
  ],
  [
    'the API server refuses',
    { situation: { kind: 'failed', message: 'No.', findings: [] } },
    'False/ReconcileFailed',
    'True/PrimariesAvailable',
    'True/ReconcileFailed',
    'True/ReconcileFailed',
  ],
  [
    'a former cluster is in the way',
    { situation: { kind: 'formerRemaining', message: 'Wait.' } },
    'False/FormerClusterRemaining',
    'False/FormerClusterRemaining',
    'True/FormerClusterRemaining',
    'False/AsExpected',
  ],
  [
    'deletion',
    { situation: { kind: 'deleting' } },
    'False/Deleting',
    'False/Deleting',
    'True/Deleting',
    'False/AsExpected',
  ],
  [
    'suspension',
    { situation: { kind: 'suspended' } },
    'Unknown/Suspended',
    'Unknown/Suspended',
    'False/Suspended',
    'Unknown/Suspended',
  ],
  [
    'pods stop for hibernation',
    { hibernated: true, previous: healthyBefore, shards: primaryDown },
    'False/Hibernated',
    'False/Hibernated',
    'True/Hibernating',
    'False/AsExpected',
  ],
  [
    'hibernation',
    { hibernated: true, pods: [] },
    'False/Hibernated',
    'False/Hibernated',
    'False/Hibernated',
    'False/AsExpected',
  ],
  [
    'an object that cannot be understood',
    { situation: { kind: 'invalid', message: 'spec.x: odd' } },
    'False/InvalidSpec',
    'True/PrimariesAvailable',
    'False/InvalidSpec',
    'True/InvalidSpec',
  ],
  [
    'an object that cannot be understood, and a lost primary',
    { situation: { kind: 'invalid', message: 'spec.x: odd' }, shards: primaryDown },
    'False/InvalidSpec',
    'False/PrimaryUnavailable',
    'False/InvalidSpec',
    'True/InvalidSpec',
  ],
];

describe('decideConditions', () => {
  it.each(TABLE)('%s', (_, change, ready, available, progressing, degraded) => {
    const verdicts = decideConditions(input(change));
    const shown = (type: ConditionType) => `${verdicts[type].status}/${verdicts[type].reason}`;
    expect([shown('Ready'), shown('Available'), shown('Progressing'), shown('Degraded')]).toEqual([
      ready,
      available,
      progressing,
      degraded,
    ]);
  });

  it.each(TABLE)('carries documented reasons and whole sentences: %s', (_, change) => {
    const verdicts = decideConditions(input(change));
    for (const type of CONDITION_TYPES) {
      const { status, reason, message } = verdicts[type];
      expect(REASONS[reason].on).toContain(`${type}=${status}`);
      expect(message).toMatch(/^\S.*[.a-z]$/s);
    }
  });

  it.each(['Degraded', 'Ready', 'Available'])('remembers a loss that only %s still tells', (type) => {
    const reason = type === 'Available' ? 'PrimaryUnavailable' : 'InstancesNotReady';
    const conditions = [aCondition(type, type === 'Degraded' ? 'True' : 'False', reason)];
    const previous = { shards: replicaDown, conditions };
    const { Degraded } = decideConditions(input({ shards: replicaDown, previous }));
    expect(Degraded.reason).toBe('InstancesNotReady');
  });

  it.each<[string, ConditionInput['situation']]>([
    ['a failure', { kind: 'failed', message: 'No.', findings: [] }],
    ['a finding', { kind: 'applied', findings: [finding('StorageNotGrown')] }],
    ['an object in the way', { kind: 'applied', findings: [finding('ConflictingObject', 'cluster')] }],
  ])('remembers a loss through %s', (_, situation) => {
    const during = decideConditions(input({ shards: replicaDown, previous: healthyBefore, situation }));
    const conditions = mergeConditions(during, [], 1, new Date(0));
    const after = decideConditions(
      input({ shards: replicaDown, previous: { shards: replicaDown, conditions } }),
    );
    expect(after.Degraded.reason).toBe('InstancesNotReady');
  });

  it('says why a pod is not ready', () => {
    const complaints = new Map([['demo-shard-0-2', 'No node has room.']]);
    const verdicts = decideConditions(input({ shards: replicaDown, complaints }));
    expect(verdicts.Ready.message).toBe(
      'Instances that are not ready: demo-shard-0-2. demo-shard-0-2: No node has room.',
    );
  });

  it('says what is done about a lost primary', () => {
    const shards = primaryDown.map((shard, index) =>
      index === 0 ? { ...shard, primary: null, state: 'promoting' } : shard,
    );
    expect(decideConditions(input({ shards, previous: healthyBefore })).Available.message).toBe(
      'No ready primary: demo-shard-0 (a replica is being promoted).',
    );
  });

  it('names the first few pods only', () => {
    const shards = [0, 1].map((number) =>
      aShardStatus(
        number,
        [0, 1, 2].map((i) => `demo-shard-${number}-${i}`),
      ),
    );
    expect(decideConditions(input({ shards })).Ready.message).toBe(
      'Instances that are not ready: demo-shard-0-0, demo-shard-0-1, demo-shard-0-2 and 3 more.',
    );
  });
});

describe('mergeConditions', () => {
  const verdicts = decideConditions(input({}));
  const now = new Date('2026-01-01T00:00:00.750Z');

  it('sets all conditions at once, each about the generation', () => {
    const merged = mergeConditions(verdicts, [], 7, now);
    expect(merged.map(({ type }) => type)).toEqual(CONDITION_TYPES);
    expect(merged[0]).toMatchObject({ observedGeneration: 7, lastTransitionTime: '2026-01-01T00:00:00Z' });
  });

  it('changes the time with the status only', () => {
    const before = [aCondition('Ready', 'True', 'Other'), aCondition('Available', 'False', 'WaitingForPods')];
    const [ready, available] = mergeConditions(verdicts, before, 7, now);
    expect(ready).toMatchObject({ lastTransitionTime: '2025-01-01T00:00:00Z', reason: 'AllShardsReady' });
    expect(available?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });
});
