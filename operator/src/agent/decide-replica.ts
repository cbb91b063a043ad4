/** What the agent of a member that is not the recorded primary does next. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { VolumeState } from '../engines/member-files.ts';
import type { Following, MemberState, SourceAddress } from '../engines/member-state.ts';
import type { Decision } from './decision.ts';
import { decideReceived, followingOf } from './decide-receiving.ts';
import { decideBeforeStart, decideWhileRunning, keepsLog } from './decide-return.ts';
import { decideStopped } from './decide-stopped.ts';
import type { Observation } from './observation.ts';
import { holdsStandDown } from './stand-down.ts';

/** Decides for a member that the map lists among the replicas, of a shard that has a primary. */
export function decideReplica(observation: Observation, shard: ShardMapShard): Decision {
  const { server, member } = observation;
  return server.kind === 'running' && member !== null
    ? decideRunningReplica(observation, member, shard)
    : decideStopped(observation, shard, (volume) => decideReplicaStart(observation, volume, shard));
}

function decideReplicaStart(observation: Observation, volume: VolumeState, shard: ShardMapShard): Decision {
  if (volume.kind === 'ready') {
    const order = { role: 'replica', epoch: shard.epoch, acknowledgement: 'none' } as const;
    const keeping = keepsLog(observation, shard) ? { keepsLog: true } : {};
    return decideBeforeStart(observation, shard) ?? { kind: 'start', order: { ...order, ...keeping } };
  }
  // Before that the primary may still lose its volume and make another database.
  return shard.initialised
    ? { kind: 'clone', from: cloneSources(shard, observation.pod) }
    : { kind: 'wait', reason: 'database' };
}

/** Whom to ask for a clone, in order: replicas, so that the primary is spared, and the primary last. */
function cloneSources({ replicas, primary }: ShardMapShard, pod: string): readonly string[] {
  const others = replicas.filter((replica) => replica !== pod);
  return primary === null ? others : [...others, primary];
}

function decideRunningReplica(observation: Observation, member: MemberState, shard: ShardMapShard): Decision {
  const { pod, standDown, primaryAddress } = observation;
  const following = followingOf(member);
  const unfinished = decideWhileRunning(observation, member, shard) ?? decideReceived(observation, following);
  if (unfinished !== null) {
    return unfinished;
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
