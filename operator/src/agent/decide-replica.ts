/** What the agent of a member that is not the recorded primary does next. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { Following, MemberState, SourceAddress } from '../engines/member-state.ts';
import type { Decision } from './decision.ts';
import { decideUnusableVolume } from './decide-volume.ts';
import type { Observation } from './observation.ts';
import { holdsStandDown } from './stand-down.ts';

/** Decides for a member that the map lists among the replicas, of a shard that has a primary. */
export function decideReplica(observation: Observation, shard: ShardMapShard): Decision {
  const { server, member } = observation;
  return server.kind === 'running' && member !== null
    ? decideRunningReplica(observation, member, shard)
    : decideStoppedReplica(observation, shard);
}

function decideStoppedReplica(
  { volume, engineVersion, pod, standDown }: Observation,
  shard: ShardMapShard,
): Decision {
  if (volume === null) {
    return { kind: 'wait', reason: 'observation' };
  }
  if (holdsStandDown(standDown, shard)) {
    return { kind: 'wait', reason: 'standDown' };
  }
  const unusable = decideUnusableVolume(volume, engineVersion);
  if (unusable !== null) {
    return unusable;
  }
  if (volume.kind === 'ready') {
    return { kind: 'start', order: { role: 'replica', epoch: shard.epoch, acknowledgement: 'none' } };
  }
  // Before that the primary may still lose its volume and make another database.
  return shard.initialised
    ? { kind: 'clone', from: cloneSources(shard, pod) }
    : { kind: 'wait', reason: 'database' };
}

/** Whom to ask for a clone, in order: replicas, so that the primary is spared, and the primary last. */
function cloneSources({ replicas, primary }: ShardMapShard, pod: string): readonly string[] {
  const others = replicas.filter((replica) => replica !== pod);
  return primary === null ? others : [...others, primary];
}

function decideRunningReplica(observation: Observation, member: MemberState, shard: ShardMapShard): Decision {
  const { pod, salvaged, standDown, primaryAddress } = observation;
  const following = member.role.kind === 'replica' ? member.role.following : null;
  const isAtRest = following === null || !isActive(following);
  // Before anything else starts: the first start of replication would discard what is not applied.
  if (!salvaged && isAtRest) {
    return { kind: 'salvage' };
  }
  if (following !== null && following.applying.kind === 'failed') {
    // Trying again would fail again; what stands in the way is told with the state.
    return { kind: 'wait', reason: 'replication' };
  }
  const isFollowing = following !== null && primaryAddress !== null && follows(following, primaryAddress);
  if (isFollowing && !observation.passwordSuspected) {
    return decideUpkeep(observation);
  }
  if (holdsStandDown(standDown, shard)) {
    return { kind: 'wait', reason: 'standDown' };
  }
  if (!shard.ackers.includes(pod)) {
    return { kind: 'wait', reason: 'acker' };
  }
  return shard.primary === null
    ? { kind: 'wait', reason: 'primary' }
    : { kind: 'follow', primary: shard.primary };
}

/** Whether nothing is left to be told to this member: it receives from the recorded primary, or tries to. */
function follows({ source, receiving, applying }: Following, primary: SourceAddress): boolean {
  const isTold = receiving.kind === 'running' || receiving.kind === 'connecting';
  return (
    isTold && applying.kind === 'running' && source.host === primary.host && source.port === primary.port
  );
}

function decideUpkeep({ certificatesCurrent, retentionDue }: Observation): Decision {
  if (!certificatesCurrent) {
    return { kind: 'reloadCertificates' };
  }
  if (retentionDue) {
    return { kind: 'applyRetention' };
  }
  return { kind: 'wait', reason: 'change' };
}

function isActive({ receiving, applying }: Following): boolean {
  return receiving.kind === 'running' || receiving.kind === 'connecting' || applying.kind === 'running';
}
