/** How a member comes back whose history may not be the recorded primary's. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { Decision, WaitReason } from './decision.ts';
import { followingOf } from './decide-receiving.ts';
import type { Observation } from './observation.ts';
import type { ReturnFacts, TailView } from './return-facts.ts';

/** A start as a replica that leaves the tail where it is will do so again; twice, for a kill in the middle. */
const STARTS_WITH_TAIL = 2;
/** A start of a replica that cuts off, and was in vain: the next one does not. */
const STARTS_THAT_CUT = 1;
/** Replication that does not go on for so long will not by itself: many times what a restart of a primary takes. */
const BROKEN_MILLISECONDS = 30_000;
/** A member that has to be made anew more often has something that no clone repairs. */
const MOST_RECLONES = 3;
/** A primary that was just named may still be applying what it received: nothing is wrong yet. */
const PROMOTION_MILLISECONDS = 5000;
/** What has to stay free beside a file that is kept. */
const RESERVE_BYTES = 1 << 20;

/** Before a replica's server starts: null where it may. */
export function decideBeforeStart(observation: Observation, shard: ShardMapShard): Decision | null {
  const facts = factsFor(observation, shard);
  if (facts === null) {
    return wait('return');
  }
  if (facts.givenUp !== null) {
    return decideReclone(observation, facts, shard, facts.givenUp);
  }
  const { tail } = facts;
  switch (tail.kind) {
    case 'unexamined':
      return waitForExamination(facts, tail.missing);
    case 'none':
    case 'unreadable':
    case 'shared':
      return null;
    default:
      if (!isSettled(tail)) {
        return decideKeeping(facts, tail.tail.bytes);
      }
      return tail.tail.certain && facts.startsWithTail >= STARTS_WITH_TAIL
        ? decideReclone(
            observation,
            facts,
            shard,
            `the server cannot cut off ${tail.tail.changes} changes that ${facts.primary} does not have`,
          )
        : null;
  }
}

/**
 * Whether the log of this member is to stay as it is when its server starts: where the primary has all of it. That holds for what
 * others wrote as well. A server cuts off what it had not finished to apply, and receives it again; but it refuses to start where a
 * definition or a grant comes behind that, and would do so for ever.
 */
export function keepsLog(observation: Observation, shard: ShardMapShard): boolean {
  const tail = factsFor(observation, shard)?.tail.kind;
  return tail === 'shared' || (tail === 'none' && observation.startsInVain >= STARTS_THAT_CUT);
}

/** Before a running replica is told to follow, or left alone: null where nothing is wrong with its history. */
export function decideWhileRunning(
  observation: Observation,
  member: MemberState,
  shard: ShardMapShard,
): Decision | null {
  const facts = factsFor(observation, shard);
  if (facts === null) {
    return null;
  }
  const { tail, broken } = facts;
  if (tail.kind === 'unexamined') {
    return waitForExamination(facts, tail.missing);
  }
  if (tail.kind === 'found') {
    if (!isSettled(tail)) {
      return decideKeeping(facts, tail.tail.bytes);
    }
    if (tail.tail.certain) {
      const reason = `it has ${tail.tail.changes} changes that ${facts.primary} does not have, and cannot cut them off`;
      return decideReclone(observation, facts, shard, reason);
    }
  }
  if (broken !== null && broken.forMilliseconds >= BROKEN_MILLISECONDS) {
    const following = followingOf(member);
    const isCounted = following !== null && following.receiving.kind === 'running';
    const decision = decideReclone(observation, facts, shard, broken.reason, isCounted ? 1 : 0);
    // What keeps it from being made anew need not keep it from trying again, unless that is known to fail.
    const isHopeless = following?.applying.kind === 'failed';
    return decision.kind === 'wait' && !isHopeless ? null : decision;
  }
  return null;
}

/**
 * Gives the data up, step by step: the server ends, the member is no acker any more, its data makes room for a clone.
 * Only beside a primary that serves and, where this member's acknowledgements count, beside somebody whose do as well.
 * `ownAcknowledgements` is how many of the primary's acknowledgers this member is.
 */
function decideReclone(
  { server, pod }: Observation,
  facts: ReturnFacts,
  shard: ShardMapShard,
  reason: string,
  ownAcknowledgements = 0,
): Decision {
  const { primary, primaryView, recentReclones } = facts;
  if (primaryView === null || !primaryView.isServing || primaryView.epoch !== shard.epoch) {
    return stuck('RecloneWaits', `It is to be made anew, since ${reason}; ${primary} does not serve yet.`);
  }
  if (recentReclones >= MOST_RECLONES) {
    return stuck(
      'RecloneGivenUp',
      `It was made anew ${recentReclones} times and is unfit again: ${reason}. Look for the cause, then delete its ` +
        'PersistentVolumeClaim and the pod.',
    );
  }
  const isAcker = shard.ackers.includes(pod);
  if (isAcker && primaryView.acknowledgers - ownAcknowledgements < 1) {
    return stuck(
      'RecloneWaits',
      `It is to be made anew, since ${reason}; no other replica acknowledges what ${primary} commits.`,
    );
  }
  if (server.kind === 'running') {
    return { kind: 'giveUp', reason };
  }
  if (isAcker) {
    return stuck(
      'RecloneWaits',
      `It is to be made anew, since ${reason}, once it no longer counts as an acker.`,
    );
  }
  return { kind: 'vacate', reason, epoch: shard.epoch };
}

/** The facts, where they are about the primary and the epoch that the map now names. */
function factsFor({ returning }: Observation, shard: ShardMapShard): ReturnFacts | null {
  return returning !== null && returning.epoch === shard.epoch && returning.primary === shard.primary
    ? returning
    : null;
}

/** Whether nothing of a tail is left to be kept. */
function isSettled({ tail, kept }: Extract<TailView, { readonly kind: 'found' }>): boolean {
  return kept !== null || tail.isUpkeep;
}

function decideKeeping({ freeBytes, epoch }: ReturnFacts, bytes: number): Decision {
  if (freeBytes !== null && freeBytes < bytes + RESERVE_BYTES) {
    return stuck(
      'ChangesDoNotFit',
      `${bytes} bytes of changes that no other instance has are to be kept as a file before the server starts, and ` +
        'the volume has no room for them: delete what is kept in its folder "kept".',
    );
  }
  return { kind: 'keepTail', epoch };
}

function waitForExamination(
  { primary, knownMilliseconds }: ReturnFacts,
  missing: 'log' | 'primary',
): Decision {
  return missing === 'log' || knownMilliseconds < PROMOTION_MILLISECONDS
    ? wait('return')
    : stuck(
        'AwaitingPrimary',
        `The last changes of this instance are its own: before it goes on, ${primary} has to be promoted and to tell ` +
          'whether it has them.',
      );
}

function stuck(reason: string, message: string): Decision {
  return { kind: 'wait', reason: 'return', problem: { reason, message } };
}

function wait(reason: WaitReason): Decision {
  return { kind: 'wait', reason };
}
