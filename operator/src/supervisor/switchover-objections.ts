/** What stands against a planned change of the primary: two lists, in the order in which it is told. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { MemberObservation, ShardObservation } from './observe-shard.ts';

/** A replica this far behind would keep writes waiting for too long: milliseconds. */
export const MOST_LAG_MILLISECONDS = 3000;

/** Closing waits for transactions of clients, and nothing is written meanwhile: seconds one may have been open. */
export const LONGEST_TRANSACTION_SECONDS = 5;

/** Why not. `passes`: it may be otherwise in a moment. */
export interface Objection {
  readonly message: string;
  readonly passes: boolean;
}

type Shard = Pick<ShardObservation, 'shard' | 'members'>;

/** Whether a member is on its way out, by its agent's word or by its pod's. */
export function isLeaving({ state, isTerminating }: MemberObservation): boolean {
  return isTerminating || (state?.terminating ?? false);
}

type ObjectionToHandingOver = (observation: Shard, primary: MemberObservation) => Objection | null;

/** What stands against any change of the primary now. */
const OBJECTIONS_TO_HANDING_OVER: readonly ObjectionToHandingOver[] = [
  nobodyElse,
  primaryIsNotHeard,
  primaryIsNotOpen,
  transactionsAreLong,
];

/** The first thing that stands against any change of the primary now. */
export function objectionToHandingOver(observation: Shard, primary: MemberObservation): Objection | null {
  for (const object of OBJECTIONS_TO_HANDING_OVER) {
    const objection = object(observation, primary);
    if (objection !== null) {
      return objection;
    }
  }
  return null;
}

function nobodyElse({ shard, members }: Shard): Objection | null {
  return members.length > 1 && shard.acknowledgement === 'OneReplica'
    ? null
    : certain(`${shard.name} has one instance: there is nobody to hand over to.`);
}

function primaryIsNotHeard(_: unknown, { pod, state }: MemberObservation): Objection | null {
  return state === null
    ? passing(`The agent of the primary ${pod} does not answer, so it cannot hand over.`)
    : null;
}

function primaryIsNotOpen(_: unknown, { pod, state }: MemberObservation): Objection | null {
  const member = state?.member;
  return member?.role.kind === 'primary' && member.writable
    ? null
    : passing(`The primary ${pod} does not take writes, so it cannot hand over.`);
}

function transactionsAreLong(_: unknown, { pod, state }: MemberObservation): Objection | null {
  const seconds = state?.member?.longestTransactionSeconds;
  if (seconds?.kind !== 'known') {
    return passing(`It is not known how long transactions on the primary ${pod} have been open.`);
  }
  return seconds.value > LONGEST_TRANSACTION_SECONDS
    ? certain(
        `A transaction on the primary ${pod} has been open for ${Math.round(seconds.value)} s, and writes would wait for ` +
          `it: end it, or ask again when it has ended; at most ${LONGEST_TRANSACTION_SECONDS} s are waited for.`,
      )
    : null;
}

type ObjectionToCandidate = (
  member: MemberObservation,
  server: MemberState | null,
  ackers: readonly string[],
) => Objection | null;

/** What stands against one member. */
const OBJECTIONS_TO_CANDIDATE: readonly ObjectionToCandidate[] = [
  isGoing,
  isNotHeard,
  isCloned,
  isCopied,
  doesNotReplicate,
  doesNotAcknowledge,
  isBehind,
];

/** The first thing that stands against a member as the next primary. */
export function objectionToCandidate(
  { ackers }: Pick<ShardMapShard, 'ackers'>,
  member: MemberObservation,
): Objection | null {
  for (const object of OBJECTIONS_TO_CANDIDATE) {
    const objection = object(member, member.state?.member ?? null, ackers);
    if (objection !== null) {
      return objection;
    }
  }
  return null;
}

function isGoing(member: MemberObservation): Objection | null {
  return !member.exists || isLeaving(member)
    ? certain(`${member.pod} is ${member.exists ? 'being stopped' : 'not there'}.`)
    : null;
}

function isNotHeard({ pod, state }: MemberObservation): Objection | null {
  return state === null ? passing(`The agent of ${pod} does not answer.`) : null;
}

function isCloned({ pod, state }: MemberObservation): Objection | null {
  return state?.activity.kind === 'cloning' || state?.volume?.kind !== 'ready'
    ? certain(`${pod} has no complete copy of the data yet.`)
    : null;
}

function isCopied({ pod, state }: MemberObservation): Objection | null {
  const to = state?.cloningTo ?? null;
  return to === null ? null : certain(`${pod} is being copied for ${to}: wait until that has ended.`);
}

function doesNotReplicate({ pod }: MemberObservation, server: MemberState | null): Objection | null {
  const following = server?.role.kind === 'replica' ? server.role.following : null;
  if (following?.applying.kind === 'failed') {
    return certain(`${pod} cannot apply what it has received: ${following.applying.error.message}`);
  }
  return following?.receiving.kind === 'running' && following.applying.kind === 'running'
    ? null
    : passing(`${pod} does not follow the primary.`);
}

/** Whoever is no acker may lack writes, and would be no candidate if the primary died at the next step. */
function doesNotAcknowledge(
  { pod }: MemberObservation,
  _: unknown,
  ackers: readonly string[],
): Objection | null {
  return ackers.includes(pod)
    ? null
    : passing(`${pod} is not yet on record as one that acknowledges writes.`);
}

function isBehind({ pod }: MemberObservation, server: MemberState | null): Objection | null {
  const lag = server?.role.kind === 'replica' ? server.role.following.lagMilliseconds : null;
  if (lag?.kind !== 'known') {
    return passing(`It is not known how far ${pod} lags behind.`);
  }
  return lag.value > MOST_LAG_MILLISECONDS
    ? certain(
        `${pod} lags ${(lag.value / 1000).toFixed(1)} s behind, and writes would wait for it: at most ` +
          `${MOST_LAG_MILLISECONDS / 1000} s are waited for.`,
      )
    : null;
}

/** Stands until somebody changes it. */
export function certain(message: string): Objection {
  return { message, passes: false };
}

function passing(message: string): Objection {
  return { message, passes: true };
}
