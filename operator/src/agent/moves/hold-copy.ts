/** Why rows may not be copied or compared now. Pure. */
import type { MoveLimits } from '../../api/v1alpha1/index.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import type { MoveReason } from '../protocol/move-report.ts';
import type { VolumeUsage } from '../volume-usage.ts';
import { replicaLag } from './choose-source.ts';

/** What is looked at. */
export interface CopyConditions {
  readonly limits: MoveLimits | null;
  /** What members of both shards told lately. */
  readonly states: readonly AgentState[];
  /** The member that is read from; null while it does not answer. */
  readonly source: AgentState | null;
  /** Volume of this member; null while unknown. */
  readonly usage: VolumeUsage | null;
}

/** Share of the source's processors from which on its clients would notice more work. */
const MOST_PROCESSOR_SHARE = 0.7;

/** Share of the own volume that a copy leaves free: the rest is for what clients write, and for logs of changes. */
const LEAST_FREE_SHARE = 0.1;

/** The first reason; null where there is none. */
export function holdCopy(conditions: CopyConditions): MoveReason | null {
  const { limits } = conditions;
  if (limits?.paused === true) {
    // The map tells that moves wait, and not by whose word.
    return {
      reason: 'Paused',
      message: 'Moves are paused, by the cluster or its ShardRebalance, or no window for them is open.',
    };
  }
  return (
    holdForSpace(conditions) ??
    (limits === null ? null : holdForReplicas(conditions, limits.maxReplicaLagSeconds)) ??
    holdForProcessors(conditions) ??
    holdForThreads(conditions)
  );
}

function holdForSpace({ usage }: CopyConditions): MoveReason | null {
  if (usage === null || usage.totalBytes - usage.usedBytes >= usage.totalBytes * LEAST_FREE_SHARE) {
    return null;
  }
  return {
    reason: 'VolumeNearlyFull',
    message:
      'The volume that receives the rows is more than nine tenths full: delete what you no longer need there, or ' +
      'cancel the move.',
  };
}

function holdForReplicas({ states }: CopyConditions, seconds: number): MoveReason | null {
  const late = states.find((state) => (replicaLag(state) ?? 0) > seconds * 1000);
  return late === undefined
    ? null
    : {
        reason: 'ReplicaLagging',
        message: `The replica ${late.identity.pod} is more than ${seconds} s behind.`,
      };
}

function holdForProcessors({ source }: CopyConditions): MoveReason | null {
  const share = source?.load?.processorShare ?? null;
  if (source === null || share === null || share <= MOST_PROCESSOR_SHARE) {
    return null;
  }
  const percent = Math.round(share * 100);
  return {
    reason: 'SourceBusy',
    message: `The server of ${source.identity.pod} uses ${percent} % of its processors.`,
  };
}

/** Statements that queue up are seen here before they are seen in the use of processors: locks and disks hold them up, too. */
function holdForThreads({ source, limits }: CopyConditions): MoveReason | null {
  const running = source?.member?.runningThreads;
  const most = limits?.maxRunningThreads ?? Infinity;
  if (source === null || running?.kind !== 'known' || running.value <= most) {
    return null;
  }
  return {
    reason: 'SourceBusy',
    message: `The server of ${source.identity.pod} runs ${running.value} statements at once, more than ${most}.`,
  };
}
