/** What a shard looks like from here: its place in the map, and the last word of each member. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { AgentView } from './agent-client/agent-client.ts';

/** One member, or a pod that was one. */
export interface MemberObservation {
  readonly pod: string;
  /** Whether a pod of that name exists, in whatever state. */
  readonly exists: boolean;
  /** What its agent says now; null when it says nothing at the moment, which proves nothing. */
  readonly state: AgentState | null;
}

/** Everything decisions about a shard rest on. */
export interface ShardObservation {
  readonly shard: ShardMapShard;
  /** `spec.instances` */
  readonly instances: number;
  readonly members: readonly MemberObservation[];
}

/** A word older than this is not about now. Agents speak every 500 ms. */
export const FRESH_MILLISECONDS = 2000;

/** The agent's state, unless it is old or our own event loop was held up around its arrival. */
export function currentState(view: AgentView | undefined, now: number): AgentState | null {
  if (view?.frame === undefined || view.frameReceivedAt === undefined || view.status !== 'connected') {
    return null;
  }
  return now - view.frameReceivedAt <= FRESH_MILLISECONDS && !view.frameStalled ? view.frame.state : null;
}

/** Gathers. `viewOf` answers for the pod's agent, `podExists` for the pod itself. */
export function observeShard(
  shard: ShardMapShard,
  instances: number,
  sources: {
    readonly viewOf: (pod: string) => AgentView | undefined;
    readonly podExists: (pod: string) => boolean;
    /** Monotonic milliseconds. */
    readonly now: number;
  },
): ShardObservation {
  const pods = [...(shard.primary === null ? [] : [shard.primary]), ...shard.replicas];
  return {
    shard,
    instances,
    members: pods.map((pod) => ({
      pod,
      exists: sources.podExists(pod),
      state: currentState(sources.viewOf(pod), sources.now),
    })),
  };
}
