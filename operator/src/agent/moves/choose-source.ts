/** Which member of the other shard to receive from. Pure. */
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { AgentState } from '../protocol/agent-state.ts';

/**
 * What a member is wanted for.
 * - `rows`: all rows are read, which is work: a replica, so that clients of the primary notice nothing.
 * - `changes`: the log is read as it grows, which is hardly any: the primary, which has each change first.
 */
export type SourceUse = 'rows' | 'changes';

/** What the choice rests on. */
export interface SourceCandidates {
  readonly shard: Pick<ShardMapShard, 'primary' | 'replicas'>;
  /** What its members told lately; members that did not answer are not in it. */
  readonly states: ReadonlyMap<string, AgentState>;
  /** Members that have lately failed as a source. */
  readonly avoided: ReadonlySet<string>;
  readonly maxReplicaLagSeconds: number;
}

/** Longest lag of a replica to receive from where the map names no limit. */
export const DEFAULT_REPLICA_LAG_SECONDS = 3;

/** The best member there is; null for none. */
export function chooseSource(candidates: SourceCandidates, use: SourceUse): string | null {
  const { shard, avoided } = candidates;
  const replicas = healthyReplicas(candidates);
  const primary = shard.primary === null ? [] : [shard.primary];
  const preferred = use === 'rows' ? [...replicas, ...primary] : [...primary, ...replicas];
  return preferred.find((pod) => !avoided.has(pod)) ?? preferred[0] ?? null;
}

/** The ones closest to the primary first. */
function healthyReplicas({ shard, states, maxReplicaLagSeconds }: SourceCandidates): readonly string[] {
  return shard.replicas
    .flatMap((pod) => {
      const state = states.get(pod);
      const lag = state === undefined || isBusy(state) ? null : replicaLag(state);
      return lag !== null && lag <= maxReplicaLagSeconds * 1000 ? [{ pod, lag }] : [];
    })
    .toSorted((left, right) => left.lag - right.lag)
    .map(({ pod }) => pod);
}

/** Milliseconds for which a replica is behind; null for one that does not receive and apply, or is none. */
export function replicaLag({ member }: AgentState): number | null {
  if (member?.role.kind !== 'replica') {
    return null;
  }
  const { receiving, applying, lagMilliseconds } = member.role.following;
  const isAtWork = receiving.kind === 'running' && applying.kind === 'running';
  return isAtWork && lagMilliseconds.kind === 'known' ? lagMilliseconds.value : null;
}

/** Whether it has a clone to give or to receive, or is about to stop. */
function isBusy({ cloningTo, activity, terminating }: AgentState): boolean {
  return cloningTo !== null || activity.kind !== 'idle' || terminating;
}
