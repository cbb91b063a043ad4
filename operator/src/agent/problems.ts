/** What stands in the way, for the state and its readers. Pure. */
import type { MemberState } from '../engines/member-state.ts';
import type { Decision } from './decision.ts';
import type { AgentProblem } from './protocol/agent-state.ts';
import { volumeProblem, type VolumeUsage } from './volume-usage.ts';

/** What problems are found in. */
export interface ProblemSources {
  readonly decision: Decision | null;
  readonly member: MemberState | null;
  readonly usage: VolumeUsage | null;
  /** How often the server was started and has not answered. */
  readonly startsInVain: number;
  /** What the agent could not do or had to do: the last failure of each action that has not succeeded since. */
  readonly failures: readonly AgentProblem[];
}

/** Longest message that is passed on: it ends up in a condition. */
const MESSAGE_CHARACTERS = 500;

/** All problems, the decision's own first. */
export function findProblems({
  decision,
  member,
  usage,
  startsInVain,
  failures,
}: ProblemSources): readonly AgentProblem[] {
  const own = decision?.kind === 'wait' ? decision.problem : undefined;
  return [
    ...(own === undefined ? [] : [own]),
    ...replicationProblems(member),
    volumeProblem(usage),
    startProblem(startsInVain),
    ...failures,
  ]
    .filter((problem) => problem !== null)
    .map(({ reason, message }) => ({ reason, message: message.slice(0, MESSAGE_CHARACTERS) }));
}

/** One start in vain may be a kill at the wrong moment. */
const STARTS_IN_VAIN = 3;

function startProblem(startsInVain: number): AgentProblem | null {
  return startsInVain < STARTS_IN_VAIN
    ? null
    : {
        reason: 'ServerDoesNotStart',
        message: `The server was started ${startsInVain} times and never answered. The log of the container mariadb says why.`,
      };
}

function replicationProblems(member: MemberState | null): readonly AgentProblem[] {
  if (member?.role.kind !== 'replica') {
    return [];
  }
  const { receiving, applying } = member.role.following;
  const problems: AgentProblem[] = [];
  if ((receiving.kind === 'failed' || receiving.kind === 'connecting') && receiving.error !== undefined) {
    const { number, message } = receiving.error;
    problems.push({ reason: 'ReceivingFailed', message: `Error ${number}: ${message}` });
  }
  if (applying.kind === 'failed') {
    const { number, message } = applying.error;
    problems.push({ reason: 'ApplyingFailed', message: `Error ${number}: ${message}` });
  }
  return problems;
}
