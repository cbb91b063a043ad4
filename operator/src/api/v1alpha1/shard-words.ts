/**
 * What the words of `status.shards[]` mean, for `docs/reference/conditions.md`: the state of a shard, and why its primary was
 * replaced.
 */
import type { PromotionReason, ShardStateName } from '../../core/instance-report.ts';
import type { WordDocumentation } from './rebalance-words.ts';

const NOTHING = 'Nothing to do.';
const SEE_BLOCKED = 'Nothing to do, unless `FailoverBlocked` is True: then do as its message says.';

/** Every state of a shard. */
export const SHARD_STATE_WORDS: Readonly<Record<ShardStateName, WordDocumentation>> = {
  healthy: { meaning: 'Nothing is to be done.', remedy: NOTHING },
  initialising: {
    meaning: 'The first primary makes the empty database.',
    remedy:
      'Nothing to do, unless it lasts: then look at the conditions, and at the log of the container `agent`.',
  },
  databaseMade: {
    meaning: 'It has been made, and is being recorded in the ShardMap.',
    remedy: NOTHING,
  },
  replicaJoining: {
    meaning: 'An instance has a copy of the data, and is being recorded as one that may acknowledge writes.',
    remedy: NOTHING,
  },
  replicaBroken: {
    meaning: 'A replica cannot apply what it has received.',
    remedy: 'Look at the reason `ReplicationBroken` above.',
  },
  ackerGone: {
    meaning:
      'An instance that may have acknowledged writes was removed or gives up its data, another has all of them, and it is being taken off the record.',
    remedy: NOTHING,
  },
  ackerLeaving: {
    meaning: 'The same, and no other is known to have all of them yet: it stays on record.',
    remedy: 'Nothing to do, unless it lasts: then look why the replicas do not catch up.',
  },
  acknowledgementUnwanted: {
    meaning: '`spec.instances` is 1: commits cease to wait for a replica before the replicas go.',
    remedy: NOTHING,
  },
  acknowledgementWanted: {
    meaning: '`spec.instances` is more than 1, and commits begin to wait for a replica.',
    remedy: NOTHING,
  },
  primaryLost: { meaning: 'The server of the primary is proven to have ended.', remedy: SEE_BLOCKED },
  primaryUnreachable: {
    meaning: 'Nobody hears of the primary, which alone proves nothing.',
    remedy: SEE_BLOCKED,
  },
  primaryHung: { meaning: 'The agent of the primary answers, and its server does not.', remedy: SEE_BLOCKED },
  primaryUnable: {
    meaning: 'The primary was elected, has not opened, and cannot apply what it has received.',
    remedy: SEE_BLOCKED,
  },
  acknowledgementsStalled: {
    meaning: 'The primary runs, and no replica can acknowledge what it commits.',
    remedy: SEE_BLOCKED,
  },
  switchingOver: { meaning: 'A planned change of the primary is under way.', remedy: NOTHING },
  promoting: { meaning: 'There is no primary; one is being elected.', remedy: NOTHING },
  blocked: {
    meaning: 'There is no primary, and nobody may be promoted for now.',
    remedy: 'Do as the message of `FailoverBlocked` says.',
  },
};

/** Why a primary was replaced, and what to look for. */
export const PROMOTION_WORDS: Readonly<Record<PromotionReason, WordDocumentation>> = {
  ServerEnded: {
    meaning: 'Its agent or the kubelet told that its server had ended.',
    remedy: 'Look at the log of the container `mariadb`, and at the memory of the pod.',
  },
  Unreachable: {
    meaning: 'Nobody heard of it for `spec.failover.fenceSeconds`.',
    remedy: 'Look at its node and the network.',
  },
  Hung: { meaning: 'Its server answered nobody.', remedy: 'Look at the disks and processors of its node.' },
  CannotApply: {
    meaning: 'It was elected, and could not apply what it had received; it never took writes.',
    remedy: 'Look at `status.shards[].instances[].error` of that instance. It is made anew by itself.',
  },
  AcknowledgementsStalled: {
    meaning: 'No replica could acknowledge its commits.',
    remedy: 'Look at the network between the nodes.',
  },
  Switchover: { meaning: 'It was planned.', remedy: NOTHING },
  Resumed: {
    meaning: 'Another process of the operator had begun, and the reason went with it.',
    remedy: 'Look at the events before.',
  },
};
