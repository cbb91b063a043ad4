import type { ActionRunner } from './action-runner.ts';
import type { Decision } from './decision.ts';
import type { MemberObserver } from './member-observer.ts';
import type { MemberPlace } from './pod-contract.ts';
import { findProblems } from './problems.ts';
import type { AgentProblem, AgentState, Unresponsiveness } from './protocol/agent-state.ts';

/** What an agent's state is put together from. */
export interface AgentFacts {
  readonly place: MemberPlace;
  readonly agentId: string;
  readonly version: string;
  readonly epoch: number;
  readonly observer: Pick<
    MemberObserver,
    'session' | 'volume' | 'returns' | 'fitness' | 'server' | 'isTerminating'
  >;
  readonly runner: Pick<ActionRunner, 'activity' | 'failures'>;
  readonly decision: Decision | null;
  readonly servedPod: string | null;
  readonly unresponsive: Unresponsiveness | null;
  readonly guardProblem: AgentProblem | null;
  readonly moves: AgentState['moves'];
  readonly sizes: AgentState['sizes'];
  readonly load: AgentState['load'];
}

/** The state as the operator and the peers see it. */
export function describeAgent(facts: AgentFacts): AgentState {
  const { place, agentId, version, epoch, observer, runner, decision, servedPod, unresponsive } = facts;
  const { guardProblem, moves, sizes, load } = facts;
  const { namespace, cluster, shard, pod, podUid } = place;
  const { ends, usage, volume } = observer.volume;
  const member = observer.session.state();
  return {
    identity: { namespace, cluster, shard, pod, podUid },
    agentId,
    agentVersion: version,
    epoch,
    server: observer.server(),
    unresponsive,
    unseenMilliseconds: observer.session.unseenFor(),
    volume,
    member,
    ownEnd: ends?.own ?? null,
    receivedEnd: ends?.received ?? null,
    cannotApply: observer.session.current?.cannotApply ?? false,
    couldNotApply: observer.session.couldNotApply,
    activity: runner.activity,
    awaitingAcker: decision?.kind === 'wait' && decision.reason === 'acker',
    fitForReads: observer.fitness.isFit,
    terminating: observer.isTerminating(),
    cloningTo: servedPod,
    returned: observer.returns.state,
    users: observer.session.current?.users ?? null,
    databasesMade: (observer.session.current?.databasesDigest ?? '') !== '',
    moves,
    sizes,
    load,
    freeBytes: usage === null ? null : Math.max(0, usage.totalBytes - usage.usedBytes),
    problems: findProblems({
      decision,
      member,
      usage,
      startsInVain: observer.session.startsInVain,
      failures: [...(guardProblem === null ? [] : [guardProblem]), ...runner.failures],
    }),
  };
}
