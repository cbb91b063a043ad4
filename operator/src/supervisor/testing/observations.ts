/** What tests of decisions decide by. */
import type { AgentState } from '../../agent/protocol/agent-state.ts';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import { membersOf, type MemberObservation, type ShardObservation } from '../observe-shard.ts';

/** The first pod is the primary, the others follow it. */
export const PODS = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;

/** A shard of three instances at work. */
export function aShard(change: Partial<ShardMapShard> = {}): ShardMapShard {
  const [primary, first, second] = PODS;
  return {
    number: 0,
    name: 'demo-shard-0',
    epoch: 3,
    primary,
    replicas: [first, second],
    ackers: [first, second],
    initialised: true,
    acknowledgement: 'OneReplica',
    ...change,
  };
}

/** A member that has just said `state`; one that says nothing for null. */
export function aMember(
  pod: string,
  state: AgentState | null = null,
  change: Partial<MemberObservation> = {},
): MemberObservation {
  return {
    pod,
    exists: true,
    state,
    agentNow: null,
    hasContainerEnded: false,
    isTerminating: false,
    silentMilliseconds: 0,
    unattendedMilliseconds: 0,
    ...change,
  };
}

/** A shard and its members, of which those not given say nothing. */
export function anObservation(
  shard: ShardMapShard,
  members: readonly MemberObservation[],
  change: Partial<ShardObservation> = {},
): ShardObservation {
  return {
    shard,
    members: membersOf(shard).map((pod) => members.find((member) => member.pod === pod) ?? aMember(pod)),
    instances: 3,
    failover: {
      policy: 'NoDataLoss',
      delaySeconds: 0,
      minSecondsBetween: 300,
      fenceSeconds: 1,
      acknowledgementTimeoutSeconds: 10,
    },
    isHibernated: false,
    hasOpened: true,
    troubledMilliseconds: null,
    commitsHangMilliseconds: null,
    promotedMilliseconds: null,
    ...change,
  };
}
