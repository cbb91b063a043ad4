/** What a shard looks like from here: its place in the map, the cluster's wishes, and the last word of each member. */
import type { V1Pod } from '@kubernetes/client-node';
import type { ShardedClusterSpec, ShardMapShard } from '../api/v1alpha1/index.ts';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { isBeingDeleted } from '../runtime/objects.ts';
import type { AgentView } from './agent-client/agent-client.ts';

/** One member, or a pod that was one. */
export interface MemberObservation {
  readonly pod: string;
  /** Whether a pod of that name exists, in whatever state. */
  readonly exists: boolean;
  /** What its agent says now; null when it says nothing at the moment, which proves nothing. */
  readonly state: AgentState | null;
  /** What its agent's clock shows now, in milliseconds since the epoch; null before its first word. */
  readonly agentNow: number | null;
  /** The kubelet says that the container with the server has ended, and not that another runs in its place. */
  readonly hasContainerEnded: boolean;
  /** The pod is being deleted. */
  readonly isTerminating: boolean;
  /** Milliseconds since the last word of its agent; since we began to listen, where there was none. */
  readonly silentMilliseconds: number;
  /** Milliseconds since it last can have heard of a leading operator, by what we know. */
  readonly unattendedMilliseconds: number;
}

/** Everything decisions about a shard rest on. */
export interface ShardObservation {
  readonly shard: ShardMapShard;
  /** `spec.instances` */
  readonly instances: number;
  readonly failover: ShardedClusterSpec['failover'];
  readonly isHibernated: boolean;
  readonly members: readonly MemberObservation[];
  /** Whether the primary is known to have taken writes in this epoch: then its ackers have all there was before. */
  readonly hasOpened: boolean;
  /** Milliseconds for which the primary has been in trouble; null while it is not. */
  readonly troubledMilliseconds: number | null;
  /** Milliseconds for which commits have hung though the primary lives; null while they do not. */
  readonly commitsHangMilliseconds: number | null;
  /** Milliseconds since the last promotion; null for none. */
  readonly promotedMilliseconds: number | null;
}

/** A word older than this is not about now. Agents speak every 250 ms. */
export const FRESH_MILLISECONDS = 900;

/** Name of the container with the server, see the pod template. */
const DATABASE_CONTAINER = 'mariadb';

/** The agent's state, unless it is old. */
export function currentState(view: AgentView | undefined, now: number): AgentState | null {
  if (view?.frame === undefined || view.frameReceivedAt === undefined || view.status !== 'connected') {
    return null;
  }
  return now - view.frameReceivedAt <= FRESH_MILLISECONDS ? view.frame.state : null;
}

/** What is known of one pod. Times in monotonic milliseconds. */
export function observeMember(
  name: string,
  pod: V1Pod | undefined,
  view: AgentView | undefined,
  times: { readonly lastHeard: number; readonly lastAttended: number; readonly now: number },
): MemberObservation {
  return {
    pod: name,
    exists: pod !== undefined,
    state: currentState(view, times.now),
    agentNow:
      view?.frame === undefined ? null : view.frame.sentAt + times.now - (view.frameReceivedAt ?? times.now),
    hasContainerEnded: hasContainerEnded(pod),
    isTerminating: pod !== undefined && isBeingDeleted(pod),
    silentMilliseconds: times.now - times.lastHeard,
    unattendedMilliseconds: times.now - times.lastAttended,
  };
}

function hasContainerEnded(pod: V1Pod | undefined): boolean {
  const container = pod?.status?.containerStatuses?.find(({ name }) => name === DATABASE_CONTAINER);
  return container?.state?.terminated !== undefined;
}

/** All members the map names: the primary first. */
export function membersOf({ primary, replicas }: ShardMapShard): readonly string[] {
  return [...(primary === null ? [] : [primary]), ...replicas];
}

/** The member of that name. */
export function memberOf(
  { members }: Pick<ShardObservation, 'members'>,
  pod: string | null | undefined,
): MemberObservation | undefined {
  return members.find((member) => member.pod === pod);
}

/** What the agent of that pod says now. */
export function stateOf(
  observation: Pick<ShardObservation, 'members'>,
  pod: string | null,
): AgentState | null {
  return memberOf(observation, pod)?.state ?? null;
}
