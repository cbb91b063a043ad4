/**
 * What an agent does next: ordered predicates, of which the first that has an answer decides. Pure.
 *
 * Where the map says nothing certain, a stopped server stays stopped and a running one keeps running.
 */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { MemberState } from '../engines/member-state.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { Decision, WaitReason } from './decision.ts';
import { decidePrimary } from './decide-primary.ts';
import { decideReplica } from './decide-replica.ts';
import type { Observation } from './observation.ts';
import { holdsPreparation } from './stand-down.ts';

/** Decides. */
export function decide(observation: Observation): Decision {
  for (const predicate of BEFORE_ROLE) {
    const decision = predicate(observation);
    if (decision !== null) {
      return decision;
    }
  }
  const shard = knownShard(observation);
  if (shard === null) {
    return wait('shardMap');
  }
  return shard.primary === observation.pod
    ? decidePrimary(observation, shard)
    : decideReplica(observation, shard);
}

type Predicate = (observation: Observation) => Decision | null;

/** What comes first whichever role the map gives this member. */
const BEFORE_ROLE: readonly Predicate[] = [
  releaseWhenTerminating,
  waitForLauncher,
  killUsurper,
  connectToServer,
  waitForShardMap,
  waitForMembership,
  waitForPrimary,
];

/**
 * A primary whose pod is being stopped goes on until another has taken over; should none, the launcher ends it when
 * the grace period does. Everybody else is not needed any more.
 */
function releaseWhenTerminating(observation: Observation): Decision | null {
  const { terminating, server } = observation;
  if (!terminating || mayBeSwitchedOver(observation)) {
    return null;
  }
  return server.kind === 'running' ? { kind: 'release' } : wait('launcher');
}

function mayBeSwitchedOver(observation: Observation): boolean {
  const { server, member, pod } = observation;
  const shard = knownShard(observation);
  const hasAcknowledger = member === null || member.acknowledgement.acknowledgers > 0;
  return server.kind === 'running' && shard?.primary === pod && shard.ackers.length > 0 && hasAcknowledger;
}

function waitForLauncher({ server }: Observation): Decision | null {
  return server.kind === 'unknown'
    ? wait('launcher', 'LauncherUnreachable', `The launcher does not answer: ${server.reason}.`)
    : null;
}

/**
 * A server that was started as the primary, was promoted, or takes writes, while the map does not name it: it may
 * hold commits that nobody acknowledged, and any gentler end than a kill would acknowledge them. It starts again as a
 * replica, once the map names another. One that a switchover has closed is about to be told what to do instead.
 */
function killUsurper(observation: Observation): Decision | null {
  const { server, member, pod, preparedFor, toStepDown } = observation;
  const shard = knownShard(observation);
  if (shard === null || shard.primary === pod || server.kind !== 'running') {
    return null;
  }
  if (toStepDown && shard.primary === null && member?.writable === false) {
    return null;
  }
  const isUsurper =
    server.role === 'primary' ||
    (member !== null && (member.writable || (wasPromoted(member) && !holdsPreparation(preparedFor, shard))));
  return isUsurper ? { kind: 'killServer' } : null;
}

/** Promoted in its present run, even if it was never opened: the record of its epoch may wait in its log. */
function wasPromoted({ role, acknowledgement }: MemberState): boolean {
  return role.kind === 'detached' && acknowledgement.rule === 'oneReplica';
}

/** Looking at a server changes nothing, so it needs no map. */
function connectToServer({ server, hasSession, member }: Observation): Decision | null {
  if (server.kind !== 'running') {
    return null;
  }
  if (!hasSession) {
    return { kind: 'connect' };
  }
  return member === null ? wait('observation') : null;
}

function waitForShardMap({ shard }: Observation): Decision | null {
  switch (shard.kind) {
    case 'unreadable':
      return wait(
        'shardMap',
        'ShardMapUnreadable',
        `The ShardMap cannot be read: ${shard.reason}. The server is left as it is.`,
      );
    case 'absent':
      return wait(
        'shardMap',
        'ShardMissing',
        'The ShardMap does not list this shard. The server is left as it is.',
      );
    case 'known':
      return null;
    default:
      return assertNever(shard);
  }
}

function waitForMembership(observation: Observation): Decision | null {
  const { pod } = observation;
  const shard = knownShard(observation);
  return shard !== null && shard.primary !== pod && !shard.replicas.includes(pod)
    ? wait('membership', 'NotAMember', `The ShardMap does not list ${pod} as a member of ${shard.name}.`)
    : null;
}

/** A promotion is under way, and it decides by what the members now hold: nothing may change that. */
function waitForPrimary(observation: Observation): Decision | null {
  return knownShard(observation)?.primary === null ? wait('primary') : null;
}

function knownShard({ shard }: Observation): ShardMapShard | null {
  return shard.kind === 'known' ? shard.shard : null;
}

function wait(reason: WaitReason, problem?: string, message = ''): Decision {
  return problem === undefined
    ? { kind: 'wait', reason }
    : { kind: 'wait', reason, problem: { reason: problem, message } };
}
