/** What an election of a shard is decided from: the words of the members, put together. Pure. */
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { ElectionInput, ElectionMember } from '../core/electorate.ts';
import type { Position, PositionArithmetic } from '../engines/position.ts';
import { withoutPrimary } from './change-shard-map.ts';
import { cannotLead, isHung } from './diagnose-primary.ts';
import { memberOf, type MemberObservation, type ShardObservation, stateOf } from './observe-shard.ts';

/** What a member answered when it was told to stop receiving: final until it follows somebody again. */
export interface FinalPosition {
  readonly received: Position;
  readonly applied: Position;
}

/** A person's or a switchover's word on who shall be the primary. */
export interface ElectionWishes {
  readonly chosen: string | null;
  readonly preferred: string | null;
}

/** What is known of positions that change no more. */
export interface FinalPositions {
  /** What members have answered in this promotion, by pod. */
  readonly answers: ReadonlyMap<string, FinalPosition>;
  /** Where the log of a former primary ends that runs, and takes no writes any more; null for any other. */
  readonly formerEnd: Position | null;
}

/**
 * The election of a shard without a primary, by what members have answered. A server that is down counts by its files: it
 * stays down while the map names no primary, which its agent has to have read.
 */
export function finalElection(
  observation: ShardObservation,
  { answers, formerEnd }: FinalPositions,
  wishes: ElectionWishes,
  positions: PositionArithmetic,
): ElectionInput<Position> {
  const { shard } = observation;
  const former = shard.formerPrimary ?? null;
  const endOf = (state: AgentState | null): Position | null =>
    state !== null && state.epoch >= shard.epoch && state.activity.kind !== 'starting'
      ? endOfFiles(state, positions)
      : null;
  const election = electionAmong(observation, former, wishes, endOf, ({ pod, state }) => {
    const answer = answers.get(pod);
    const end = endOf(state);
    return answer === undefined ? { received: end, applied: end } : latest(answer, state, positions);
  });
  const hasAnswered = former !== null && answers.has(former);
  const held = hasAnswered ? heldByUnable(observation, former) : null;
  return { ...election, formerEnd: election.formerEnd ?? formerEnd ?? held };
}

/**
 * The election as it would be if the recorded primary were given up now: positions may still grow. As in the map without
 * a primary, one that never took writes counts as an acker.
 */
export function presentElection(
  observation: ShardObservation,
  wishes: ElectionWishes,
  positions: PositionArithmetic,
): ElectionInput<Position> {
  const endOf = (state: AgentState | null): Position | null =>
    state === null ? null : endOfFiles(state, positions);
  const shard = withoutPrimary(observation.shard, observation.hasOpened);
  const { primary } = observation.shard;
  const election = electionAmong({ ...observation, shard }, primary, wishes, endOf, ({ state }) => {
    const member = state?.server.kind === 'running' && !isHung(state) ? state.member : null;
    const end = endOf(state);
    return member?.received.kind === 'known'
      ? { received: member.received.value, applied: member.applied }
      : { received: end, applied: end };
  });
  return { ...election, formerEnd: election.formerEnd ?? heldByUnable(observation, primary) };
}

/** What a winner holds that was never opened and cannot apply it: all that it will ever have. Null of any other. */
function heldByUnable(observation: ShardObservation, pod: string | null): Position | null {
  const state = stateOf(observation, pod);
  const received = state !== null && cannotLead(state) ? state.member?.received : undefined;
  return received?.kind === 'known' ? received.value : null;
}

function electionAmong(
  observation: ShardObservation,
  former: string | null,
  wishes: ElectionWishes,
  endOf: (state: AgentState | null) => Position | null,
  positionsOf: (member: MemberObservation) => {
    readonly received: Position | null;
    readonly applied: Position | null;
  },
): ElectionInput<Position> {
  const { shard, failover, members } = observation;
  return {
    ...wishes,
    former,
    ackers: shard.ackers,
    formerEnd: endOf(memberOf(observation, former)?.state ?? null),
    policy: failover.policy,
    members: members.map((member): ElectionMember<Position> => ({
      ...positionsOf(member),
      pod: member.pod,
      ordinal: Number(member.pod.slice(shard.name.length + 1)),
      isEligible: isEligible(member, former),
      isDoubtful: member.state?.couldNotApply ?? false,
      isRunning: member.state?.server.kind === 'running',
      isTerminating: member.isTerminating || (member.state?.terminating ?? false),
    })),
  };
}

/** Whether a member could take over now, as far as one can tell from outside. */
function isEligible({ pod, state, exists }: MemberObservation, former: string | null): boolean {
  if (!exists || state?.volume?.kind !== 'ready' || isHung(state)) {
    return false;
  }
  const { server, member } = state;
  if (server.kind !== 'running') {
    return server.kind === 'ended';
  }
  // A former primary whose server still runs has not been fenced; whoever cannot apply cannot become a primary, and a server that was
  // started anew does not say so by itself.
  const applies =
    !state.cannotApply &&
    (member?.role.kind !== 'replica' || member.role.following.applying.kind !== 'failed');
  return pod !== former && member !== null && applies;
}

/**
 * Everything in the possession of a member whose server is down: its own log, and what it received and may not have
 * applied. Null where either cannot be read, for then it may hold more than anybody can tell.
 */
function endOfFiles(
  { server, ownEnd, receivedEnd }: AgentState,
  { covers }: PositionArithmetic,
): Position | null {
  if (server.kind !== 'ended' || ownEnd?.kind !== 'known' || receivedEnd?.kind !== 'known') {
    return null;
  }
  if (covers(ownEnd.value, receivedEnd.value)) {
    return ownEnd.value;
  }
  return covers(receivedEnd.value, ownEnd.value) ? receivedEnd.value : null;
}

/** What a member has applied grows after its answer. */
function latest(
  answer: FinalPosition,
  state: AgentState | null,
  { covers }: PositionArithmetic,
): FinalPosition {
  const applied = state?.member?.applied;
  const hasGrown = applied !== undefined && covers(applied, answer.applied);
  return hasGrown ? { ...answer, applied } : answer;
}
