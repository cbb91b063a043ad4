import { describe, expect, it } from '@jest/globals';
import { NO_RESTARTS } from '../maintenance/decide-restarts.ts';
import { aCondition, aShardStatus } from '../testing/builders.ts';
import { blockedPromotions } from './blocked-promotions.ts';
import type { ConditionInput } from './condition-input.ts';

function blocked(change: Partial<ConditionInput>): string {
  const { status, reason } = verdictOf(change);
  return `${status}/${reason}`;
}

function verdictOf(change: Partial<ConditionInput>) {
  return blockedPromotions({
    situation: { kind: 'applied', findings: [] },
    hibernated: false,
    shards: [aShardStatus(0), aShardStatus(1)],
    pods: [],
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
  });
}

const ackersUnreachable = {
  shard: 'demo-shard-0',
  reason: 'AckersUnreachable',
  message: 'Acknowledged writes may be on demo-shard-0-2. If that is impossible: kubectl annotate ...',
};

describe('the condition FailoverBlocked', () => {
  it('is false while nothing is in the way', () => {
    expect(blocked({})).toBe('False/NotBlocked');
  });

  it.each([
    ['one instance', 1, 'False/SingleInstance'],
    ['two', 2, 'False/OneReplicaOnly'],
  ])('says what %s mean', (_, count, expected) => {
    const shard = aShardStatus(0);
    const shards = [{ ...shard, instances: (shard.instances ?? []).slice(0, count) }];
    expect(blocked({ shards })).toBe(expected);
  });

  it('has the reason of the supervisor, and its command', () => {
    const verdict = verdictOf({ blocks: [ackersUnreachable] });
    expect(verdict).toEqual({
      status: 'True',
      reason: 'AckersUnreachable',
      message: `demo-shard-0: ${ackersUnreachable.message}`,
    });
  });

  it('names other shards that are blocked as well', () => {
    const other = { ...ackersUnreachable, shard: 'demo-shard-1' };
    expect(verdictOf({ blocks: [ackersUnreachable, other] }).message).toMatch(
      / Blocked as well: demo-shard-1\.$/u,
    );
  });

  const before = {
    conditions: [aCondition('FailoverBlocked', 'True', 'PositionsDiverged')],
    shards: [],
  };

  it('stays while nobody supervises the shards yet, and goes when they do', () => {
    expect(blocked({ previous: before, isSupervised: false })).toBe('True/PositionsDiverged');
    expect(blocked({ previous: before })).toBe('False/NotBlocked');
  });

  it('does not stay for what was no supervisor’s', () => {
    const conditions = [aCondition('FailoverBlocked', 'True', 'Suspended')];
    expect(blocked({ previous: { conditions, shards: [] }, isSupervised: false })).toBe('False/NotBlocked');
  });
});
