/** Whether a member is fit for reads: the readiness of its pod. Pure. */
import { assertNever } from '../runtime/assert-never.ts';
import type { Following, MemberState } from '../engines/member-state.ts';

/** A verdict, and what the next one has to know of it. */
export interface ReadFitness {
  readonly isFit: boolean;
  /** Why not; empty when fit. */
  readonly reason: string;
  /** Since when the member has met the conditions for coming back; null while it does not. Monotonic milliseconds. */
  readonly recoveringSince: number | null;
}

/** The verdict before the first look. */
export const NOT_FIT_YET: ReadFitness = {
  isFit: false,
  reason: 'the server was not looked at yet',
  recoveringSince: null,
};

/** A member that was out must be this much below the limit before it comes back, or it would flap at the limit. */
const RETURN_SHARE = 0.8;
/** And it must have been so for this long. */
const RETURN_MILLISECONDS = 2000;
/** Heartbeats are half a second apart: no lag below this can be told from none. */
const LEAST_LIMIT_MILLISECONDS = 1000;

/** What a verdict is made from. */
export interface FitnessInput {
  /** Null when no server runs, it was not looked at, or the look is old. */
  readonly member: MemberState | null;
  readonly maxLagSeconds: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** The next verdict after `previous`. Unknown lag is not fit. */
export function judgeReadFitness(previous: ReadFitness, input: FitnessInput): ReadFitness {
  const { member, maxLagSeconds, now } = input;
  if (member === null) {
    return notFit('no server answers');
  }
  switch (member.role.kind) {
    case 'primary':
      return { isFit: true, reason: '', recoveringSince: null };
    case 'detached':
      return notFit('the server is neither an open primary nor a replica');
    case 'replica': {
      const limit = Math.max(LEAST_LIMIT_MILLISECONDS, maxLagSeconds * 1000);
      const reason = complaint(member.role.following, previous.isFit ? limit : limit * RETURN_SHARE);
      return reason === null ? recover(previous, now) : notFit(reason);
    }
    default:
      return assertNever(member.role);
  }
}

function notFit(reason: string): ReadFitness {
  return { isFit: false, reason, recoveringSince: null };
}

function recover(previous: ReadFitness, now: number): ReadFitness {
  const since = previous.recoveringSince ?? now;
  return previous.isFit || now - since >= RETURN_MILLISECONDS
    ? { isFit: true, reason: '', recoveringSince: null }
    : { isFit: false, reason: 'back within the limit, for less than two seconds', recoveringSince: since };
}

function complaint(following: Following, limitMilliseconds: number): string | null {
  const { receiving, applying, lagMilliseconds } = following;
  if (receiving.kind !== 'running') {
    return `it does not receive from its primary: ${receiving.kind}`;
  }
  if (applying.kind !== 'running') {
    return `it does not apply what it receives: ${applying.kind}`;
  }
  if (lagMilliseconds.kind === 'unknown') {
    return `its lag is unknown: ${lagMilliseconds.reason}`;
  }
  return lagMilliseconds.value > limitMilliseconds
    ? `it lags ${Math.round(lagMilliseconds.value)} ms behind, more than ${Math.round(limitMilliseconds)} ms`
    : null;
}
