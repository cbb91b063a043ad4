/**
 * Whether a shard's primary hands over to another member as planned, and to whom: a list of reasons against it, of
 * which the first that holds is told. Pure.
 */
import type { InvalidRequest, SwitchoverRequest } from '../api/v1alpha1/index.ts';
import { isInvalidRequest } from '../api/v1alpha1/index.ts';
import type { Position, PositionArithmetic } from '../engines/position.ts';
import { memberOf, type MemberObservation, type ShardObservation } from './observe-shard.ts';
import {
  certain,
  isLeaving,
  type Objection,
  objectionToCandidate,
  objectionToHandingOver,
} from './switchover-objections.ts';

/**
 * Who asks.
 * - `person`: an annotation, carried out once and answered in any case.
 * - `departure`: the primary's pod is about to go; tried until it succeeds or the pod is gone.
 */
export type SwitchoverCause = 'person' | 'departure';

/** What is done about a wish for another primary. */
export type SwitchoverDecision =
  /** Nobody asks, or it is not the time to answer. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'refuse';
      readonly cause: SwitchoverCause;
      readonly request: string;
      readonly message: string;
    }
  | {
      readonly kind: 'begin';
      readonly cause: SwitchoverCause;
      readonly request: string;
      /** Who hands over, and to whom. */
      readonly from: string;
      readonly to: string;
    };

/** What is decided from. */
export interface SwitchoverInput {
  readonly observation: Pick<ShardObservation, 'shard' | 'members' | 'isHibernated'>;
  /** What the annotation asks for, whether or not it was dealt with; null for nothing. */
  readonly request: SwitchoverRequest | InvalidRequest | null;
  /** Milliseconds since this operator first saw that request, or the departure. */
  readonly pendingMilliseconds: number;
  readonly positions: Pick<PositionArithmetic, 'compare'>;
}

/**
 * What is not known yet may become known in so long; then it is an answer. Milliseconds. Longer than a primary stays
 * closed for an operator that died.
 */
export const PATIENCE_MILLISECONDS = 7000;

/** Decides. */
export function decideSwitchover(input: SwitchoverInput): SwitchoverDecision {
  const { observation, request } = input;
  const { shard, isHibernated } = observation;
  const primary = memberOf(observation, shard.primary);
  // While a promotion is under way, or nothing is there to hand over, requests wait.
  if (primary === undefined || !shard.initialised || isHibernated) {
    return { kind: 'none' };
  }
  const asked = request !== null && request.value !== shard.handledSwitchover ? request : null;
  if (asked !== null) {
    return answer(input, primary, asked);
  }
  const isAnybodyLeft = observation.members.some((member) => member !== primary && !isLeaving(member));
  if (!isLeaving(primary) || !isAnybodyLeft) {
    return { kind: 'none' };
  }
  const departure = { value: `${primary.pod} is being stopped`, to: null };
  return consider(input, primary, departure, 'departure');
}

function answer(
  input: SwitchoverInput,
  primary: MemberObservation,
  request: SwitchoverRequest | InvalidRequest,
): SwitchoverDecision {
  if (isInvalidRequest(request)) {
    return { kind: 'refuse', cause: 'person', request: request.value, message: request.fault };
  }
  return consider(input, primary, request, 'person');
}

function consider(
  input: SwitchoverInput,
  primary: MemberObservation,
  request: SwitchoverRequest,
  cause: SwitchoverCause,
): SwitchoverDecision {
  const verdict = choose(input, primary, request.to);
  if (typeof verdict === 'string') {
    return { kind: 'begin', cause, request: request.value, from: primary.pod, to: verdict };
  }
  return verdict.passes && input.pendingMilliseconds < PATIENCE_MILLISECONDS
    ? { kind: 'none' }
    : { kind: 'refuse', cause, request: request.value, message: verdict.message };
}

/** The pod that takes over, or what stands against it. */
function choose(input: SwitchoverInput, primary: MemberObservation, to: string | null): string | Objection {
  const { observation } = input;
  const objection = objectionToHandingOver(observation, primary);
  if (objection !== null) {
    return objection;
  }
  if (to === primary.pod) {
    return certain(`${to} is the primary already.`);
  }
  if (to !== null) {
    const named = memberOf(observation, to);
    return named === undefined
      ? certain(`${to} is no member of ${observation.shard.name}.`)
      : (objectionToCandidate(observation.shard, named) ?? to);
  }
  const others = observation.members.filter(({ pod }) => pod !== primary.pod);
  const objections = others.map((member) => objectionToCandidate(observation.shard, member));
  const [best] = others
    .filter((_, index) => objections[index] === null)
    .toSorted((a, b) => byAdvance(input.positions, a, b));
  if (best !== undefined) {
    return best.pod;
  }
  const told = objections.filter((objection) => objection !== null);
  return {
    message: told.map(({ message }) => message).join(' '),
    passes: told.some(({ passes }) => passes),
  };
}

/** Who has applied more comes first; then the lower number. */
function byAdvance(
  positions: Pick<PositionArithmetic, 'compare'>,
  a: MemberObservation,
  b: MemberObservation,
): number {
  const [left, right] = [appliedOf(a), appliedOf(b)];
  const order = left === null || right === null ? 'equal' : positions.compare(left, right);
  if (order === 'ahead' || order === 'behind') {
    return order === 'ahead' ? -1 : 1;
  }
  return ordinalOf(a) - ordinalOf(b);
}

function appliedOf({ state }: MemberObservation): Position | null {
  return state?.member?.applied ?? null;
}

function ordinalOf({ pod }: MemberObservation): number {
  return Number(pod.slice(pod.lastIndexOf('-') + 1));
}
